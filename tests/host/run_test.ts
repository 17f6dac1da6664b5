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
  withDriver,
} from "../support/host/host_jobs.ts";
import { inPlaceOfQemu, writeStandIn } from "../support/vmm/kvm_stand_in.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

const REPORT = `${SCRATCH}/report.json`;

Deno.test("berth run uses KVM where a guest runs on it", async () => {
  await shell('rm -f "$1/host.json"', STATE);
  const tries: number[] = [];
  // What is found out of KVM, what is remembered, and what the report says.
  for (const flags of [[], ["--accel", "kvm"]]) {
    // This host is emulated itself, maybe by a busy one.
    const args = ["run", ...flags, "--boot-timeout", "90s", "--report", REPORT, "--", "echo", "ran"];
    const { code, stdout, stderr } = await berth(args);
    assertEquals([code, stdout], [0, "ran\n"], stderr);
    const { accel, attempts } = JSON.parse(await Deno.readTextFile(REPORT));
    assertEquals(accel, "kvm", stderr);
    tries.push(attempts);
    const { kvm, kernels } = JSON.parse(await Deno.readTextFile(`${STATE}/host.json`));
    assertEquals([kvm.works, kvm.loopMs > 0], [true, true]);
    assertEquals(Object.values(kernels), [{ works: true, detail: "a kernel booted on it" }]);
  }
  // Emulated itself, this host's KVM has been seen to lose a guest in its boot, which is tried once more then.
  assertEquals(Math.min(...tries), 1);
});

for (const driver of DRIVERS) {
  Deno.test(`a job that KVM does not boot is emulated in its group, which gets room for that: ${driver}`, async () => {
    const qemu = `${SCRATCH}/qemu`;
    await writeStandIn(qemu, "dies at once");
    await shell('rm -f "$1/host.json"', STATE);
    const { flags, wrapper } = withDriver(driver);
    const args = ["run", "--limits", "require", ...flags, "--memory", "256M", "--report", REPORT, "--", "true"];
    const { code, stderr } = await berth(args, { wrapper: [...wrapper, ...inPlaceOfQemu(qemu)] });
    assertEquals(code, 0, stderr);
    const { accel, attempts, limits } = JSON.parse(await Deno.readTextFile(REPORT));
    assertEquals([accel, attempts, limits.memoryMaxBytes.value], ["tcg", 2, (256 + 96 + 128) * 1024 ** 2], stderr);
    await expectNothingLeft();
  });

  Deno.test(`a killed host process takes QEMU, its group and its unit with it: ${driver}`, async () => {
    // A group that stays when berth goes, as that of a service does: what is left in it is berth's to remove.
    const parent = `${CGROUP_ROOT}/host-test-parent`;
    await shell('mkdir -p "$1"', parent);
    const flags = driver === "cgroupfs" ? ["--cgroup-parent", parent] : [];
    await using job = await startHostJob({ driver, flags });
    assertNotEquals(await vmGroups(), []);
    await shell('kill -KILL "$1"', await hostProcess());
    const { code, stderr } = await job.ended;
    assertEquals(code, 123, stderr);
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
