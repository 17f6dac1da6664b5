/**
 * Groups on the real tree, without VMs: stub processes stand for them.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../lib/base/errors.ts";
import { updateLimits } from "../../lib/cgroup/apply.ts";
import type { Limits } from "../../lib/cgroup/limits.ts";
import { parseKeys } from "../../lib/cgroup/usage.ts";
import { shell } from "../support/berth.ts";
import { holding, HOSTILE_GROUPS, startIn, withDriver } from "../support/host/real_groups.ts";

const MIB = 1024 ** 2;
/** See scripts/test_host/vm.ts. */
const ROOT_DISK = "/dev/nvme0n1";

Deno.test("50 groups with a process each, made and removed at once, leave nothing", async () => {
  await withDriver(async (driver, fs) => {
    await Promise.all(Array.from({ length: 50 }, async (_, index) => {
      const tenant = index % 2 ? { name: `tenant ${index % 5}`, limits: {} } : undefined;
      const limits = { memoryMaxBytes: 16 * MIB, pidsMax: 10 };
      await using group = await driver.createGroup({ id: `stub-${index}`, tenant, limits });
      await using child = await startIn(group.path, "exec sleep 1000");
      assertEquals(await group.readLimits(), limits);
      await group[Symbol.asyncDispose]();
      assertEquals((await child.status).signal, "SIGKILL");
    }));
    assertEquals(await fs.children(""), []);
    assertEquals(parseKeys(await fs.read("cgroup.stat")).nr_descendants, 0);
  });
});

for (const [what, prepare] of Object.entries(HOSTILE_GROUPS)) {
  Deno.test(`${what} is removed with its group`, async () => {
    await withDriver(async (driver, fs) => {
      const group = await driver.createGroup({ id: "hostile", limits: { pidsMax: 100 } });
      await using child = await prepare(group);
      await group[Symbol.asyncDispose]();
      assertEquals(await fs.children(""), []);
      assertEquals((await child.status).signal, "SIGKILL");
      // Once more is no error.
      await group[Symbol.asyncDispose]();
    });
  });
}

Deno.test("events and statistics are those of what happened in the group", async () => {
  await withDriver(async (driver) => {
    const limits = { memoryMaxBytes: 32 * MIB, swapMaxBytes: 0, pidsMax: 5, cpuQuotaPercent: 40 };
    await using group = await driver.createGroup({ id: "busy", limits });
    {
      await using spinner = await startIn(group.path, "i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done");
      assertEquals((await spinner.status).success, true);
      await using reader = await startIn(
        group.path,
        'dd if="$1" of=/dev/null bs=1M count=8 iflag=direct',
        ROOT_DISK,
      );
      assertEquals((await reader.status).success, true);
      await using many = await startIn(group.path, "sleep 1 & sleep 1 & sleep 1 & sleep 1 & sleep 1 & sleep 1 & wait");
      await many.status;
      await using hog = await startIn(group.path, holding(200));
      assertEquals((await hog.status).success, false);
    }
    const usage = await group.readUsage();
    assert(usage.cpuMs! > 0 && usage.cpuThrottledPeriods! > 0 && usage.cpuThrottledMs! > 0, JSON.stringify(usage));
    assert(usage.pidsLimitHits! > 0 && usage.ioReadBytes! >= 8 * MIB, JSON.stringify(usage));
    assert(usage.oomKills! > 0 && usage.oomGroupKills! > 0 && usage.ownOoms! > 0, JSON.stringify(usage));
    assert(usage.memoryPeakBytes! > 16 * MIB && usage.memoryPeakBytes! <= 32 * MIB, JSON.stringify(usage));
    assert(usage.cpuPressure!.someMs! > 0, JSON.stringify(usage));
  });
});

Deno.test("a tenant's limit ends a VM that is within its own, and the events say whose it was", async () => {
  await withDriver(async (driver) => {
    const tenant = { name: "acme", limits: { memoryMaxBytes: 32 * MIB, swapMaxBytes: 0 } };
    await using group = await driver.createGroup({ id: "one", tenant, limits: { memoryMaxBytes: 512 * MIB } });
    await using hog = await startIn(group.path, holding(200));
    assertEquals((await hog.status).success, false);
    const { oomKills, ownOoms } = await group.readUsage();
    assertEquals([oomKills! > 0, ownOoms], [true, 0]);
  });
});

Deno.test("limits are changed while the group runs, and one that does not fit is refused with both numbers", async () => {
  await withDriver(async (driver, fs) => {
    const limits: Limits = { memoryMaxBytes: 256 * MIB, pidsMax: 50, cpus: "0" };
    await using group = await driver.createGroup({ id: "live", limits });
    const path = group.path.slice(fs.root.length + 1);
    await using _hog = await startIn(group.path, holding(64));
    await shell('until [ "$(cat "$1/memory.current")" -gt 50000000 ]; do sleep 0.1; done', group.path);
    await updateLimits(fs, path, { memoryMaxBytes: 300 * MIB, pidsMax: 60, cpus: "0-1" });
    assertEquals(await group.readLimits(), { memoryMaxBytes: 300 * MIB, pidsMax: 60, cpus: "0-1" });
    const error = await assertRejects(() => updateLimits(fs, path, { memoryMaxBytes: 16 * MIB }), BerthError);
    assert(/16777216 bytes \(16 MiB\): the VM uses \d{8,9} bytes/.test(error.message), error.message);
    const absent = await assertRejects(() => updateLimits(fs, path, { pidsMax: 70, cpus: "0,7" }), BerthError);
    assert(absent.message.includes("CPU 7 is not there"), absent.message);
    assertEquals(await group.readLimits(), { memoryMaxBytes: 300 * MIB, pidsMax: 60, cpus: "0-1" });
  });
});

Deno.test("a swap limit of 0 is not the same as none", async () => {
  await withDriver(async (driver) => {
    await using none = await driver.createGroup({ id: "none", limits: { memoryMaxBytes: 32 * MIB } });
    await using zero = await driver.createGroup({ id: "zero", limits: { memoryMaxBytes: 32 * MIB, swapMaxBytes: 0 } });
    assertEquals(await shell('cat "$1/memory.swap.max" "$2/memory.swap.max"', none.path, zero.path), "max\n0\n");
  });
});
