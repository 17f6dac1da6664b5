// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { isGone } from "../../../lib/job/group.ts";
import type { AbandonedGroup } from "../../../lib/job/owner.ts";

const GROUP: AbandonedGroup = { driver: "cgroupfs", cgroup: "/sys/fs/cgroup/ci/vm-a", bootId: "one", isMade: true };
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
