/**
 * `berth update` while a job runs: all that was asked for is in force, or nothing has changed.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { berth, SCRATCH } from "../support/berth.ts";
import { DRIVERS, readFiles, startHostJob } from "../support/host/host_jobs.ts";

const MIB = 1024 ** 2;
const FILES = ["memory.max", "pids.max", "cpu.max"];

await Deno.mkdir(SCRATCH, { recursive: true });

for (const driver of DRIVERS) {
  Deno.test(`update changes the limits of a job that runs, all or none, and the report has them: ${driver}`, async (t) => {
    const flags = ["--memory", "256M", "--pids", "100", "--cpu-quota", "90"];
    // dd fills a block of memory, which the host has to find, and which the guest gives back to nobody.
    await using job = await startHostJob({ driver, flags, script: "dd if=/dev/zero of=/dev/null bs=160M count=1" });
    const update = (...args: string[]) => berth(["update", job.id, ...args]);
    const read = () => readFiles(job.record.cgroup, FILES);
    const before = { "memory.max": String((256 + 96) * MIB), "pids.max": "100", "cpu.max": "90000 100000" };
    assertEquals(await read(), before);

    await t.step("memory below what is used is refused with both numbers", async () => {
      const { code, stderr } = await update("--memory", "96M", "--pids", "300", "--cpu-quota", "30");
      assertEquals(code, 125, stderr);
      const numbers = /memory\.max can't become 201326592 bytes \(192 MiB\): the VM uses (\d+) bytes/.exec(stderr);
      assert(numbers && Number(numbers[1]) > 192 * MIB, stderr);
      assertEquals(await read(), before);
    });
    await t.step("a limit that this host can't have takes the others with it", async () => {
      const { code, stderr } = await update("--pids", "300", "--cpu-quota", "30", "--cpuset", "0,7");
      assertEquals(code, 125, stderr);
      assertEquals(await read(), before);
    });
    await t.step("more is given", async () => {
      const { code, stdout, stderr } = await update("--memory", "512M", "--pids", "200", "--cpu-quota", "180");
      assertEquals([code, stdout], [0, ""], stderr);
      assertStringIncludes(stderr, `berth: ${job.id}: pidsMax is 200`);
      const after = { "memory.max": String((512 + 96) * MIB), "pids.max": "200", "cpu.max": "180000 100000" };
      assertEquals(await read(), after);
    });
    await t.step("the report has what was in force at the end", async () => {
      const { limits } = await job.end();
      const values = Object.fromEntries(Object.entries(limits).map(([name, limit]) => [name, limit.value]));
      assertEquals(values, { memoryMaxBytes: (512 + 96) * MIB, pidsMax: 200, cpuQuotaPercent: 180 });
    });
    // Nothing of a driver's is left to differ.
    if (driver === "cgroupfs") {
      await t.step("a job that is over, and one that never was, are refused", async () => {
        for (const id of [job.id, "0123456789ab"]) {
          const { code, stderr } = await berth(["update", id, "--pids", "200"]);
          assertEquals(code, 125, stderr);
          assertStringIncludes(stderr, `berth: there is no job ${id}`);
        }
      });
    }
  });
}
