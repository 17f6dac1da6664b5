/**
 * `berth run` where everything works: KVM, systemd, cgroup v2. And how a berth that is killed takes all with it.
 *
 * @module
 */
import { assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { awaitVmm, berth, leftovers, SCRATCH, shell, STATE } from "../support/berth.ts";
import {
  awaitNoVmGroups,
  CGROUP_ROOT,
  DRIVERS,
  expectNothingLeft,
  hostProcess,
  startHostJob,
  vmGroups,
} from "../support/host_jobs.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

const REPORT = `${SCRATCH}/report.json`;

/** A scope that has a process of somebody else's beside berth. */
function crowdedScope(...properties: string[]): string[] {
  const script = 'sleep 1000 >/dev/null 2>&1 & other=$!; "$@"; status=$?; kill $other; exit $status';
  return ["systemd-run", "--scope", "--quiet", "--unit=crowd", ...properties, "sh", "-c", script, "sh"];
}

Deno.test("berth run uses KVM where a guest runs on it", async () => {
  const { code, stdout, stderr } = await berth(["run", "--accel", "kvm", "--report", REPORT, "--", "echo", "ran"]);
  assertEquals([code, stdout], [0, "ran\n"], stderr);
  assertEquals(JSON.parse(await Deno.readTextFile(REPORT)).accel, "kvm");
  assertEquals((await shell(`cat "$1/state/host.json"`, SCRATCH)).includes('"works":true'), true);
});

Deno.test("a group that was given to berth with others' processes is emptied into its supervisor", async () => {
  const script = 'cat "$0"/crowd.scope/supervisor/cgroup.procs "$0"/crowd.scope/supervisor/memory.min';
  const wrapper = [
    ...crowdedScope("-p", "Delegate=yes"),
    "sh",
    "-c",
    `"$@" && exec ${script}`,
    `${CGROUP_ROOT}/system.slice`,
  ];
  const { code, stdout, stderr } = await berth(["run", "--limits", "require", "--", "echo", "ran"], { wrapper });
  assertEquals(code, 0, stderr);
  const [ran, ...rest] = stdout.trim().split("\n");
  // systemd-run's shell, the sleeper, and the one that asks.
  assertEquals([ran, rest.length >= 4, rest.at(-1)], ["ran", true, String(128 * 1024 ** 2)], stdout);
  await expectNothingLeft();
});

Deno.test("a group that systemd has kept is not taken: cgroupfs refuses, auto has systemd make a scope", async () => {
  const args = ["run", "--limits", "require", "--report", REPORT];
  const refused = await berth([...args, "--cgroup-driver", "cgroupfs", "--", "true"], { wrapper: crowdedScope() });
  assertEquals(refused.code, 125, refused.stderr);
  assertStringIncludes(refused.stderr, "berth runs in crowd.scope, which systemd has not delegated");
  assertEquals(await shell(`ls -d ${CGROUP_ROOT}/system.slice/crowd.scope/*/ 2>/dev/null || true`), "");
  const { code, stdout, stderr } = await berth([...args, "--", "echo", "ran"], { wrapper: crowdedScope() });
  assertEquals([code, stdout], [0, "ran\n"], stderr);
  const { limits } = JSON.parse(await Deno.readTextFile(REPORT));
  assertEquals(limits.pidsMax, { value: 256, enforcedBy: "systemd" });
  await expectNothingLeft();
});

for (const driver of DRIVERS) {
  Deno.test(`a killed host process takes QEMU, its group and its unit with it: ${driver}`, async () => {
    // A group that stays when berth goes, as that of a service does: what is left in it is berth's to remove.
    const parent = `${CGROUP_ROOT}/host-test-parent`;
    await shell('mkdir -p "$1"', parent);
    const flags = driver === "cgroupfs" ? ["--cgroup-parent", parent] : [];
    await using job = await startHostJob({ driver, flags });
    assertNotEquals(await vmGroups(), []);
    await shell('kill -KILL "$1"', await hostProcess());
    const { code, stderr } = await job.ended;
    assertEquals(code, 125, stderr);
    assertStringIncludes(stderr, "berth: the host process was ended by SIGKILL");
    await awaitVmm("gone");
    if (driver === "systemd") await awaitNoVmGroups();
    // Nobody could remove the folder then, nor cgroupfs its group; nothing runs in that.
    else assertEquals((await shell('cat "$1/cgroup.events"', job.record.cgroup)).split("\n")[0], "populated 0");
    assertEquals((await leftovers()).filter((line) => !line.startsWith(`${STATE}/jobs/${job.id}`)), []);
    const next = await berth([
      "run",
      "--quiet",
      "--limits",
      "require",
      "--cgroup-driver",
      driver,
      ...flags,
      "--",
      "true",
    ]);
    assertEquals(next.code, 0, next.stderr);
    await expectNothingLeft();
    await shell('find "$1" -depth -type d -exec rmdir {} +', parent);
  });
}
