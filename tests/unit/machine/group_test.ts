// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import type { CgroupOperation } from "../../../lib/cgroup/cgroup_fs.ts";
import { openCgroupfs } from "../../../lib/cgroup/cgroupfs.ts";
import { isGone, makeRoom, ownGroup } from "../../../lib/machine/group.ts";
import type { JobRecord, RecordedOrphan } from "../../../lib/machine/owner.ts";
import { FakeCgroupFs } from "../../support/cgroup/fake_cgroup_fs.ts";

const GROUP: RecordedOrphan = { driver: "cgroupfs", cgroup: "/sys/fs/cgroup/ci/vm-a", bootId: "one", isMade: true };
const HERE = { bootId: "one", goneGroups: new Set<string>() };

Deno.test("isGone() takes nothing for gone that may be there, made or planned", () => {
  const others = new Set(["/sys/fs/cgroup/ci/vm-b"]);
  for (const isMade of [true, false]) {
    assertEquals(isGone({ ...GROUP, isMade }, { ...HERE, goneGroups: others }), false);
  }
});

Deno.test("isGone() knows that no group outlives the host's boot, its parent, or a scope's owner", () => {
  assertEquals(isGone(GROUP, { ...HERE, bootId: "two" }), true);
  assertEquals(isGone(GROUP, { ...HERE, goneGroups: new Set([GROUP.cgroup]) }), true);
  assertEquals(isGone({ ...GROUP, driver: "systemd", cgroup: "/x/berth-a.scope" }, HERE), true);
});

/** Whether the record of a group is released when these operations are refused. */
async function isReleased(refused: readonly [operation: CgroupOperation, path: string][]): Promise<boolean> {
  const fs = new FakeCgroupFs({ top: "group" });
  const driver = await openCgroupfs(fs);
  let released = 0;
  const stack = new AsyncDisposableStack();
  const faults = refused.map(([operation, path]) => fs.faults.refuse("EIO", { operation, path }));
  const own = () => ownGroup(driver, { id: "a", limits: { pidsMax: 9 } }, { release: () => void released++ }, stack);
  if (refused.some(([operation]) => operation !== "rmdir")) await assertRejects(own, Error);
  else {
    await own();
    assertEquals(released, 0);
  }
  await stack.disposeAsync().catch(() => {});
  for (const fault of faults) fault[Symbol.dispose]();
  assertEquals(await fs.children(""), released ? [] : ["vm-a"]);
  return released === 1;
}

Deno.test("ownGroup() releases the record when the group is gone, or was never made, and not before", async () => {
  assertEquals(await isReleased([]), true);
  assertEquals(await isReleased([["rmdir", "vm-a"]]), false);
  assertEquals(await isReleased([["mkdir", "vm-a"]]), true);
  assertEquals(await isReleased([["write", "vm-a/pids.max"]]), true);
  assertEquals(await isReleased([["write", "vm-a/pids.max"], ["rmdir", "vm-a"]]), false);
});

Deno.test("makeRoom() raises memory.max for emulation where there is one, and has others know", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  const driver = await openCgroupfs(fs);
  const record = { driver: "cgroupfs", cgroup: "/x", bootId: "one", guestMemoryBytes: 4096, memoryOverheadBytes: 1 };
  const emulated = { memoryMaxBytes: 16384, memoryOverheadBytes: 2 };
  for (const limits of [{ memoryMaxBytes: 8192, pidsMax: 9 }, { pidsMax: 9 }]) {
    await using group = await driver.createGroup({ id: "a", limits });
    const records: JobRecord[] = [];
    const folder = { record: (one: JobRecord) => Promise.resolve(void records.push(one)) };
    const owned = { group, folder, record: record as JobRecord };
    await makeRoom({}, limits, owned);
    assertEquals([await group.readLimits(), records], [limits, []]);
    await makeRoom({ emulated }, limits, owned);
    const raised = "memoryMaxBytes" in limits ? { ...limits, memoryMaxBytes: 16384 } : limits;
    assertEquals(await group.readLimits(), raised);
    assertEquals(records, [{ ...owned.record, memoryOverheadBytes: 2 }]);
  }
});
