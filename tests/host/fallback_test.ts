/**
 * Where there is no group, QEMU has limits of its own, and nobody takes them for more.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { awaitVmm, finish, leftovers, SCRATCH, shell, start } from "../support/berth.ts";
import { behind, enforcersIn, UNMOUNT, WITHOUT_GROUP } from "../support/host/host_parents.ts";

const REPORT = `${SCRATCH}/fallback.json`;

/** The lines of /proc/PID/limits while a job runs, and its report. */
async function limitsOfVmm(limits: string) {
  await Deno.mkdir(SCRATCH, { recursive: true });
  const args = ["run", "--limits", limits, "--memory", "256M", "--report", REPORT, "--", "sleep", "1000"];
  const child = start(args, { wrapper: behind(UNMOUNT) });
  const pid = await awaitVmm("there");
  const seen = await shell('cat "/proc/$1/limits"', pid);
  child.kill("SIGTERM");
  const { code, stderr } = await finish(child);
  assertEquals(code, 143, stderr);
  assertEquals(await leftovers(), []);
  const soft = (name: string) => new RegExp(`^${name} +(\\S+) +(\\S+)`, "m").exec(seen)?.slice(1);
  return {
    addressSpace: soft("Max address space"),
    cpuTime: soft("Max cpu time"),
    processes: soft("Max processes"),
    report: JSON.parse(await Deno.readTextFile(REPORT)),
  };
}

Deno.test("without a cgroup QEMU has ulimit -v, -t and -u, and the report says so", async () => {
  const { addressSpace, cpuTime, processes, report } = await limitsOfVmm("auto");
  assertEquals(enforcersIn(report), WITHOUT_GROUP);
  const { addressSpaceBytes, cpuSeconds } = report.limits;
  // 14 times the guest's memory, and room for a vCPU's thread.
  assertEquals(addressSpaceBytes.value, (256 * 14 + 128) * 1024 ** 2);
  const value = String(addressSpaceBytes.value);
  assertEquals([addressSpace, cpuTime], [[value, value], [String(cpuSeconds.value), String(cpuSeconds.value)]]);
  // It is a user of its own, whose processes are counted.
  assertEquals([cpuSeconds.value, processes], [3600, ["256", "256"]]);
});

Deno.test("with --limits off QEMU has no limits, and the report names none as enforced", async () => {
  const { addressSpace, cpuTime, report } = await limitsOfVmm("off");
  assertEquals([addressSpace, cpuTime], [["unlimited", "unlimited"], ["unlimited", "unlimited"]]);
  assertEquals(enforcersIn(report), { memoryMaxBytes: "none", pidsMax: "none", cpuQuotaPercent: "none" });
});
