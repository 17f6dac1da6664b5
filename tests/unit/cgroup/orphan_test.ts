// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../lib/base/errors.ts";
import { openCgroupfs } from "../../../lib/cgroup/cgroupfs.ts";
import type { Driver } from "../../../lib/cgroup/driver.ts";
import type { Limits } from "../../../lib/cgroup/limits.ts";
import { createRemover } from "../../../lib/cgroup/orphan.ts";
import { FakeCgroupFs } from "../../support/cgroup/fake_cgroup_fs.ts";

const MIB = 1024 ** 2;
const ACME = { name: "acme", limits: { memoryMaxBytes: 100 * MIB, pidsMax: 500 } };
const LIMITS: Limits = { memoryMaxBytes: 64 * MIB, pidsMax: 99 };

async function opened(): Promise<{ fs: FakeCgroupFs; driver: Driver }> {
  const fs = new FakeCgroupFs({ top: "group" });
  return { fs, driver: await openCgroupfs(fs, "/sys/fs/cgroup/ci") };
}

async function fails(action: () => Promise<unknown>, code: ErrorCode, words: string): Promise<void> {
  assertEquals((await assertRejects(action, BerthError, words)).code, code);
}

Deno.test("endOrphan() ends a group by its path on the host, with its tenant's, and no other", async () => {
  const { fs, driver } = await opened();
  await using _live = await driver.createGroup({ id: "live", limits: LIMITS });
  const dead = await driver.createGroup({ id: "dead", tenant: ACME, limits: LIMITS });
  const process = fs.spawn("tenant-acme/vm-dead");
  const others = ["../ci2/vm-live", "../vm-live", "supervisor", "tenant-acme", "vm-live/x/y", ""];
  for (const cgroup of ["/sys/fs/cgroup/ci2/vm-live", ...others.map((path) => `/sys/fs/cgroup/ci/${path}`)]) {
    for (const isMade of [true, false]) {
      await fails(() => driver.endOrphan!({ cgroup, isMade }), "cgroup.left", "out of reach");
    }
  }
  assertEquals(await driver.endOrphan!({ cgroup: "/sys/fs/cgroup/ci/vm-none", isMade: true }), false);
  assertEquals(await fs.children(""), ["vm-live", "tenant-acme"]);
  assertEquals(await driver.endOrphan!({ cgroup: dead.hostPath, isMade: true }), true);
  assertEquals([process.alive(), await fs.children("")], [false, ["vm-live"]]);
});

Deno.test("plannedPath() is the path that the group has then", async () => {
  const { driver } = await opened();
  for (const tenant of [undefined, { name: "acme/x", limits: {} }]) {
    await using group = await driver.createGroup({ id: "a", tenant, limits: LIMITS });
    assertEquals(driver.plannedPath!({ id: "a", tenant }), group.hostPath);
  }
});

Deno.test("endOrphan() leaves nothing of a group whose owner was killed after any of its changes", async () => {
  const changing = ["mkdir", "write", "rmdir"] as const;
  const request = { id: "a", tenant: ACME, limits: LIMITS };
  const states = new Set<string>();
  // Making and removing one takes 13 changes.
  for (let changesLeft = 0; changesLeft < 16; changesLeft++) {
    const { fs, driver } = await opened();
    let isMade = false;
    let dead: Disposable | undefined;
    let left = changesLeft;
    // Who is dead does nothing any more, and so does not clean up.
    const die = () => dead ??= fs.faults.refuse("EIO", { operation: changing });
    fs.faults.after({ operation: changing }, () => void (--left > 0 || die()));
    if (left === 0) die();
    try {
      await using _group = await driver.createGroup(request);
      isMade = true;
    } catch {
      // Where it died is of no interest.
    }
    dead?.[Symbol.dispose]();
    states.add(`${isMade} ${await fs.children("")} ${await fs.children("tenant-acme").catch(() => "-")}`);
    const next = await openCgroupfs(fs, "/sys/fs/cgroup/ci");
    await next.endOrphan!({ cgroup: driver.plannedPath!(request), isMade });
    assertEquals(await fs.children(""), [], `${changesLeft}`);
  }
  const tenant = "tenant-acme";
  assertEquals([...states], ["false  -", `false ${tenant} `, `false ${tenant} vm-a`, ...[
    ...[`true ${tenant} vm-a`, `true ${tenant} `, "true  -"],
  ]]);
});

Deno.test("endOrphan() leaves what runs in a group that was only planned: it is not berth's", async () => {
  const { fs, driver } = await opened();
  await fs.mkdir("vm-a");
  const process = fs.spawn("vm-a");
  const cgroup = driver.plannedPath!({ id: "a" });
  assertEquals(await driver.endOrphan!({ cgroup, isMade: false }), false);
  assertEquals([process.alive(), await fs.children("")], [true, ["vm-a"]]);
});

Deno.test("endOrphan() does not take a tenant's group from a berth that is just making a VM's in it", async () => {
  const { fs, driver } = await opened();
  const cgroup = driver.plannedPath!({ id: "dead", tenant: ACME });
  const end = () => driver.endOrphan!({ cgroup, isMade: true }).then(() => {});
  fs.faults.after({ operation: "mkdir", path: "tenant-acme" }, end, 3);
  await using _group = await driver.createGroup({ id: "a", tenant: ACME, limits: LIMITS });
  await end();
  assertEquals([await fs.children(""), await fs.children("tenant-acme")], [["tenant-acme"], ["vm-a"]]);
});

Deno.test("createRemover() removes groups where none could be made, and touches no process and no controller", async () => {
  // No controller, and a process of somebody else's in the group itself.
  const fs = new FakeCgroupFs({ top: "group", controllers: [] });
  const process = fs.spawn("");
  const probe = "berth-probe-1-0123456789ab";
  for (const path of ["vm-dead", "tenant-acme", "tenant-acme/vm-planned", probe]) await fs.mkdir(path);
  const doomed = fs.spawn("vm-dead");
  const remover = createRemover(fs, "/sys/fs/cgroup/ci");
  assertEquals(await remover.sweep(), [`/sys/fs/cgroup/ci/${probe}`]);
  assertEquals(await remover.endOrphan({ cgroup: "/sys/fs/cgroup/ci/vm-dead", isMade: true }), true);
  const planned = "/sys/fs/cgroup/ci/tenant-acme/vm-planned";
  assertEquals(await remover.endOrphan({ cgroup: planned, isMade: false }), true);
  await fails(
    () => remover.endOrphan({ cgroup: "/sys/fs/cgroup/vm-a", isMade: true }),
    "cgroup.left",
    "out of reach",
  );
  assertEquals([doomed.alive(), process.alive(), await fs.children("")], [false, true, []]);
  const written = fs.calls.filter(({ operation }) => operation === "write").map(({ path }) => path);
  assertEquals(written, ["vm-dead/cgroup.kill"]);
});
