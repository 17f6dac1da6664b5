/**
 * Jobs as services of systemd's, with the compiled binary: `berth-run@.service`.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { shell } from "../../support/berth.ts";
import {
  awaitProperty,
  DAEMON,
  describeJob,
  dropIn,
  leaveJob,
  serviceTest,
  show,
  startJob,
  STATE,
} from "../../support/host/services.ts";

const REPORT = `${STATE}/report.json`;

serviceTest("berth-run@: the job's exit status is the unit's, and its output is in the unit's log", async () => {
  const unit = "berth-run@exits.service";
  // Four backslashes for one, as the topic `services` says.
  const script = String.raw`printf "two  words\\\\nand more\\\\n"; exit 3`;
  await describeJob("exits", `--report ${REPORT} -- sh -c '${script}'`);
  await shell('systemctl start "$1"', unit);
  await awaitProperty(unit, "ActiveState", "failed");
  assertEquals(await show(unit, "Result", "ExecMainStatus"), ["exit-code", "3"]);
  assertStringIncludes(
    await shell('journalctl --namespace=berth -q --no-pager -o cat -u "$1"', unit),
    "\ntwo  words\nand more\n",
  );
  assertEquals(await shell('journalctl -q --no-pager -o cat | grep -c "two  words" || true'), "0\n");
  const { verdict, accel, limits } = JSON.parse(await Deno.readTextFile(await visible(REPORT)));
  assertEquals([verdict, accel, limits.memoryMaxBytes.enforcedBy], ["failed", "kvm", "cgroup"]);
});

serviceTest(
  "berth-run@: a job whose limits can't be in force is refused, unless its file says that it may do without",
  async () => {
    const unit = "berth-run@strict.service";
    await describeJob("strict", "--cgroup-driver cgroupfs -- true");
    await dropIn("berth-run@.service", "Delegate=no");
    await shell('systemctl start "$1"', unit);
    await awaitProperty(unit, "ActiveState", "failed");
    assertEquals(await show(unit, "ExecMainStatus"), ["125"]);
    await shell(
      'echo BERTH_LIMITS=auto >>/etc/berth/run/strict; systemctl reset-failed "$1"; systemctl start "$1"',
      unit,
    );
    await awaitProperty(unit, "ActiveState", "inactive");
    assertEquals(await show(unit, "Result"), ["success"]);
  },
);

serviceTest(
  "berth-run@: the VM is below the unit's group, as a user of its own, and goes when the unit is stopped",
  async () => {
    const unit = await startJob("stays", `--report ${REPORT} -- sh -c 'echo up; sleep 600'`);
    const [group] = await show(unit, "ControlGroup");
    assertEquals(group, `/berth.slice/${unit}`);
    const inside = await shell(
      `cd "/sys/fs/cgroup$1"/vm-*; cat memory.max pids.max
     for process in $(cat cgroup.procs); do
       [ "$(cat /proc/$process/comm)" != qemu-system-x86 ] || grep -E '^(Uid|CapBnd|NoNewPrivs|Seccomp):' /proc/$process/status
     done`,
      group,
    );
    const [memory, pids, uid, capabilities, noNewPrivileges, seccomp] = inside.trim().split("\n");
    assertEquals([Number(memory) > 512 * 1024 ** 2, pids], [true, "256"]);
    const user = Number(uid.split("\t")[1]);
    assert(user >= 1_900_000_000 && user <= 1_900_065_535, uid);
    assertEquals([capabilities, noNewPrivileges, seccomp], [
      "CapBnd:\t0000000000000000",
      "NoNewPrivs:\t1",
      "Seccomp:\t2",
    ]);
    await shell('systemctl stop "$1"', unit);
    assertEquals(await show(unit, "ExecMainStatus"), ["143"]);
    assertEquals(JSON.parse(await Deno.readTextFile(await visible(REPORT))).verdict, "cancelled");
  },
);

serviceTest("berth-run@: a job knows what its own .env says", async () => {
  const unit = "berth-run@knows.service";
  await describeJob("knows", "-- sh -c 'echo $TOKEN | sha256sum'");
  await shell("umask 077; echo TOKEN=a b >/etc/berth/run/knows.env");
  await shell('systemctl start "$1"', unit);
  await awaitProperty(unit, "ActiveState", "inactive");
  const digest = await shell("echo 'a b' | sha256sum");
  assertStringIncludes(await shell('journalctl --namespace=berth -q --no-pager -o cat -u "$1"', unit), digest);
  await shell("rm /etc/berth/run/knows.env");
});

serviceTest("berth-run@: a job gets and fills the folders that a drop-in shows it", async () => {
  await shell("rm -rf /root/in /srv/out; mkdir -p /root/in /srv/out; echo given >/root/in/file");
  await dropIn("berth-run@.service", "BindReadOnlyPaths=/root/in\nBindPaths=/srv/out");
  await describeJob("copies", "--workspace /root/in --artifact /workspace=/srv/out -- sh -c 'cp file made'");
  const unit = "berth-run@copies.service";
  await shell('systemctl start "$1"', unit);
  await awaitProperty(unit, "ActiveState", "inactive");
  assertEquals(await show(unit, "Result"), ["success"]);
  assertEquals(await shell("find /srv/out -name made -exec cat {} +; rm -rf /root/in /srv/out"), "given\n");
});

serviceTest("jobs and the daemon live on when the host runs out of memory", async (mainPid) => {
  const unit = await startJob("lives", "--memory 128M -- sh -c 'echo up; sleep 600'");
  // Takes all there is, in pieces that it writes to.
  const hog = 'my @all; while (1) { push @all, "x" x (16 << 20) }';
  const script = `systemd-run --quiet --wait --collect --unit=test-hog -p MemorySwapMax=0 perl -e "$1" || true
    dmesg | grep -c "Out of memory: Killed process .* (perl)"`;
  assert(Number(await shell(script, hog)) > 0);
  assertEquals(await show(DAEMON, "ActiveState", "MainPID", "NRestarts"), ["active", mainPid, "0"]);
  assertEquals(await show(unit, "ActiveState"), ["active"]);
  await leaveJob();
  await shell('systemctl reload "$1"', DAEMON);
  await awaitProperty(DAEMON, "StatusText", "removed: 1, left: 0");
});

/** A copy of a file of root's where tests may read. */
async function visible(path: string): Promise<string> {
  const copy = "/run/test-host/copy";
  await shell('cp "$1" "$2"', path, copy);
  return copy;
}
