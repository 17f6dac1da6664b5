import { assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { berth, finish, leftovers, SCRATCH, shell, start } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

/** A scope of its own, given to what runs in it: what a unit with Delegate=yes is. */
const DELEGATED = ["systemd-run", "--scope", "--quiet", "--unit=berth-test", "-p", "Delegate=yes"];
const SCOPE = "/sys/fs/cgroup/system.slice/berth-test.scope";

Deno.test("berth run uses KVM where a guest runs on it", async () => {
  const report = `${SCRATCH}/report.json`;
  const { code, stdout, stderr } = await berth(["run", "--accel", "kvm", "--report", report, "--", "echo", "ran"]);
  assertEquals([code, stdout], [0, "ran\n"], stderr);
  assertEquals(JSON.parse(await Deno.readTextFile(report)).accel, "kvm");
  assertEquals((await shell(`cat "$1/state/host.json"`, SCRATCH)).includes('"works":true'), true);
});

Deno.test("a VM in a delegated cgroup has its limits before its VMM runs, and they are the report's", async () => {
  const report = `${SCRATCH}/report.json`;
  const args = ["run", "--quiet", "--limits", "require", "--memory", "256M", "--pids", "100", "--report", report];
  const child = start([...args, "--", "sh", "-c", "echo up; sleep 1000"], { wrapper: DELEGATED });
  const [mine, theirs] = child.stdout.tee();
  const reader = mine.getReader();
  await reader.read();
  void reader.cancel();
  const group = (await shell(`ls -d ${SCOPE}/vm-*`)).trim();
  const seen = await shell(
    `cd "$1"; cat memory.max pids.max memory.oom.group; for p in $(cat cgroup.procs); do cat /proc/$p/comm; done | sort -u`,
    group,
  );
  const [memory, pids, oomGroup, ...members] = seen.trim().split("\n");
  assertEquals(members.some((name) => name.startsWith("qemu")), true, seen);
  assertEquals(oomGroup, "1");
  assertNotEquals(await shell(`cat ${SCOPE}/supervisor/cgroup.procs`), "");
  child.kill("SIGTERM");
  const [, stderr, { code }] = await Promise.all([
    new Response(theirs).text(),
    new Response(child.stderr).text(),
    child.status,
  ]);
  assertEquals(code, 143, stderr);
  const { limits, usage } = JSON.parse(await Deno.readTextFile(report));
  assertEquals(limits, {
    memoryMaxBytes: { value: Number(memory), enforcedBy: "cgroup" },
    pidsMax: { value: Number(pids), enforcedBy: "cgroup" },
  });
  assertEquals([pids, Number(memory) > 256 * 1024 ** 2, usage.cpuMs > 0, usage.memoryPeakBytes > 0], [
    "100",
    true,
    true,
    true,
  ]);
  assertEquals((await shell(`ls -d ${SCOPE}/vm-* 2>/dev/null || true`)).trim(), "");
  assertEquals(await leftovers(), []);
});

Deno.test("a group that holds others' processes is not taken: require refuses, auto says so", async () => {
  const script = 'sleep 1000 >/dev/null 2>&1 & other=$!; "$@"; status=$?; kill $other; exit $status';
  const wrapper = [...DELEGATED, "sh", "-c", script, "sh"];
  const refused = await berth(["run", "--limits", "require", "--", "true"], { wrapper });
  assertEquals(refused.code, 125, refused.stderr);
  assertStringIncludes(refused.stderr, "limits can't be enforced: its cgroup is not delegated to it");
  const child = start(["run", "--", "echo", "ran"], { wrapper });
  const { code, stdout, stderr } = await finish(child);
  assertEquals([code, stdout], [0, "ran\n"], stderr);
  assertStringIncludes(stderr, "berth: not enforced: memory.max, pids.max: its cgroup is not delegated to it");
});
