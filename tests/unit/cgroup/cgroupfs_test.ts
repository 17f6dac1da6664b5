// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../lib/base/errors.ts";
import { openCgroupfs } from "../../../lib/cgroup/cgroupfs.ts";
import type { Driver } from "../../../lib/cgroup/driver.ts";
import type { Controller, Limits } from "../../../lib/cgroup/limits.ts";
import { FakeCgroupFs } from "../../support/cgroup/fake_cgroup_fs.ts";

const MIB = 1024 ** 2;
const ACME = { name: "acme", limits: { memoryMaxBytes: 100 * MIB, pidsMax: 500 } };
const LIMITS: Limits = { memoryMaxBytes: 64 * MIB, pidsMax: 99 };

async function opened(
  options: { controllers?: Controller[]; lacking?: string[] } = {},
): Promise<{ fs: FakeCgroupFs; driver: Driver }> {
  const fs = new FakeCgroupFs({ top: "group", ...options });
  return { fs, driver: await openCgroupfs(fs, "/sys/fs/cgroup/ci") };
}

/** What has been changed since, as in `write vm-a/pids.max 99`. */
function changes(fs: FakeCgroupFs, since = 0): string[] {
  const changing = fs.calls.slice(since).filter(({ operation }) => ["write", "mkdir", "rmdir"].includes(operation));
  return changing.map(({ operation, path, data }) => [operation, path, data].filter((word) => word).join(" "));
}

async function fails(action: () => Promise<unknown>, code: ErrorCode, words: string): Promise<void> {
  assertEquals((await assertRejects(action, BerthError, words)).code, code);
}

Deno.test("createGroup() makes a group, then limits it, and makes it end as a whole", async () => {
  const { fs, driver } = await opened();
  const since = fs.calls.length;
  await using group = await driver.createGroup({ id: "a", limits: LIMITS });
  assertEquals(changes(fs, since), [
    "mkdir vm-a",
    "write vm-a/memory.max 67108864",
    "write vm-a/pids.max 99",
    "write vm-a/memory.oom.group 1",
  ]);
  assertEquals([group.path, group.hostPath, group.unit], ["/fake/cgroup/vm-a", "/sys/fs/cgroup/ci/vm-a", undefined]);
  assertEquals(await group.readLimits(), LIMITS);
  fs.setContent("vm-a/memory.peak", "4096");
  assertEquals((await group.readUsage()).memoryPeakBytes, 4096);
});

Deno.test("createGroup() leaves memory.oom.group alone where memory is not limited", async () => {
  const { fs, driver } = await opened();
  await using _group = await driver.createGroup({ id: "a", limits: { pidsMax: 3 } });
  assertEquals(await fs.read("vm-a/memory.oom.group"), "0");
});

Deno.test("createGroup() puts a tenant's VMs into one group, which has limits and hands controllers on", async () => {
  const { fs, driver } = await opened();
  const since = fs.calls.length;
  await using group = await driver.createGroup({ id: "a", tenant: ACME, limits: LIMITS });
  const enabling = ["cpuset", "cpu", "io", "memory", "pids"].map((name) =>
    `write tenant-acme/cgroup.subtree_control +${name}`
  );
  assertEquals(changes(fs, since), [
    ...["mkdir tenant-acme", "mkdir tenant-acme/vm-a"],
    ...enabling,
    ...["write tenant-acme/memory.max 104857600", "write tenant-acme/pids.max 500"],
    ...["write tenant-acme/vm-a/memory.max 67108864", "write tenant-acme/vm-a/pids.max 99"],
    "write tenant-acme/vm-a/memory.oom.group 1",
  ]);
  assertEquals(group.hostPath, "/sys/fs/cgroup/ci/tenant-acme/vm-a");
});

Deno.test("a tenant's group goes with its last VM, and not before", async () => {
  const { fs, driver } = await opened();
  const first = await driver.createGroup({ id: "a", tenant: ACME, limits: LIMITS });
  const second = await driver.createGroup({ id: "b", tenant: ACME, limits: LIMITS });
  const other = await driver.createGroup({ id: "a", tenant: { name: "acme/x", limits: {} }, limits: LIMITS });
  await first[Symbol.asyncDispose]();
  assertEquals(await fs.children("tenant-acme"), ["vm-b"]);
  await second[Symbol.asyncDispose]();
  assertEquals((await fs.children("")).length, 1, "the other tenant's");
  await other[Symbol.asyncDispose]();
  assertEquals(await fs.children(""), []);
});

Deno.test("a tenant with names that look alike has no group in common with another", async () => {
  const { fs, driver } = await opened();
  const names = ["a/b", "a-b", "a b", "supervisor", "cgroup.procs", "../x"];
  await using stack = new AsyncDisposableStack();
  for (const name of names) {
    stack.use(await driver.createGroup({ id: "a", tenant: { name, limits: {} }, limits: LIMITS }));
  }
  const groups = await fs.children("");
  assertEquals([groups.length, groups.every((name) => name.startsWith("tenant-"))], [names.length, true]);
});

Deno.test("createGroup() makes the tenant's group again when it is removed before the VM's is made", async () => {
  const { fs, driver } = await opened();
  fs.faults.after({ operation: "mkdir", path: "tenant-acme" }, () => fs.rmdir("tenant-acme"), 2);
  await using group = await driver.createGroup({ id: "a", tenant: ACME, limits: LIMITS });
  assertEquals(await group.readLimits(), LIMITS);
  assertEquals(await fs.read("tenant-acme/memory.max"), "104857600");
});

Deno.test("createGroup() gives up on a tenant's group that is always removed", async () => {
  const { fs, driver } = await opened();
  fs.faults.after({ operation: "mkdir", path: "tenant-acme" }, () => fs.rmdir("tenant-acme"));
  const create = () => driver.createGroup({ id: "a", tenant: ACME, limits: LIMITS });
  await fails(create, "host.limits", "the group tenant-acme/vm-a can't be made: ENOENT");
  assertEquals(await fs.children(""), []);
});

Deno.test("createGroup() limits the tenant when nobody can take its group away any more", async () => {
  const { fs, driver } = await opened();
  // Another berth removes the group, and a third one makes it for a tenant without limits.
  const replace = async () => {
    await fs.rmdir("tenant-acme");
    await fs.mkdir("tenant-acme");
  };
  fs.faults.after({ operation: "mkdir", path: "tenant-acme" }, replace, 1);
  await using _group = await driver.createGroup({ id: "a", tenant: ACME, limits: LIMITS });
  assertEquals(await fs.read("tenant-acme/memory.max"), "104857600");
});

Deno.test("createGroup() does not lower a tenant's memory below what its other VMs use", async () => {
  const { fs, driver } = await opened();
  await using _first = await driver.createGroup({ id: "a", tenant: ACME, limits: LIMITS });
  fs.setContent("tenant-acme/memory.current", String(80 * MIB));
  const less = { name: "acme", limits: { memoryMaxBytes: 70 * MIB } };
  const create = () => driver.createGroup({ id: "b", tenant: less, limits: LIMITS });
  await fails(create, "host.limits", "the tenant's VMs use 83886080 bytes");
  assertEquals([await fs.read("tenant-acme/memory.max"), await fs.children("tenant-acme")], ["104857600", ["vm-a"]]);
  // Its own limit is no news, however near its VMs are to it.
  fs.setContent("tenant-acme/memory.current", String(101 * MIB));
  await using _second = await driver.createGroup({ id: "b", tenant: ACME, limits: LIMITS });
});

Deno.test("createGroup() twice with one id is refused, and the first stays as it was", async () => {
  const { fs, driver } = await opened();
  for (const tenant of [undefined, ACME]) {
    await using group = await driver.createGroup({ id: "a", tenant, limits: LIMITS });
    const again = () => driver.createGroup({ id: "a", tenant, limits: { pidsMax: 1 } });
    await fails(again, "host.limits", "vm-a already");
    assertEquals(await group.readLimits(), LIMITS);
  }
  assertEquals(await fs.children(""), []);
});

for (const file of ["memory.max", "pids.max", "memory.oom.group"]) {
  for (const tenant of [undefined, ACME]) {
    const where = tenant ? "tenant-acme/vm-a" : "vm-a";
    Deno.test(`createGroup() fails and leaves nothing when ${where}/${file} is not what was written`, async () => {
      const { fs, driver } = await opened();
      const path = `${where}/${file}`;
      fs.faults.after({ operation: "write", path }, () => fs.setContent(path, "0"));
      const create = () => driver.createGroup({ id: "a", tenant, limits: LIMITS });
      await fails(create, "host.limits", `${file} should be `);
      assertEquals(await fs.children(""), []);
    });
  }
}

const REFUSED = [
  ["EROFS", "cgroup.read-only"],
  ["EACCES", "cgroup.denied"],
  ["EPERM", "cgroup.denied"],
  ["ENODEV", "host.limits"],
] as const;
const PLACES = ["vm-a/pids.max", "vm-a/memory.oom.group", "tenant-acme/memory.max", "cme/cgroup.subtree_control"];
for (const [errno, code] of REFUSED) {
  for (const path of PLACES) {
    Deno.test(`createGroup() says ${code} and leaves nothing when ${path} is refused with ${errno}`, async () => {
      const { fs, driver } = await opened();
      fs.faults.refuse(errno, { operation: "write", path: new RegExp(`${path}$`) });
      await fails(() => driver.createGroup({ id: "a", tenant: ACME, limits: LIMITS }), code, errno);
      assertEquals(await fs.children(""), []);
    });
  }
}

Deno.test("createGroup() leaves no tenant's group behind when the VM's can't be made", async () => {
  const { fs, driver } = await opened();
  fs.faults.refuse("EACCES", { operation: "mkdir", path: "tenant-acme/vm-a" });
  const create = () => driver.createGroup({ id: "a", tenant: ACME, limits: LIMITS });
  await fails(create, "cgroup.denied", "the group tenant-acme/vm-a can't be made: EACCES");
  assertEquals(await fs.children(""), []);
});

Deno.test("createGroup() says what went wrong, and what then stood in the way of cleaning up", async () => {
  const { fs, driver } = await opened();
  fs.faults.refuse("EPERM", { operation: "write", path: "vm-a/pids.max" });
  fs.faults.refuse("EROFS", { operation: "rmdir" });
  const error = await assertRejects(() => driver.createGroup({ id: "a", limits: LIMITS }), SuppressedError);
  assertEquals([error.suppressed.code, error.error.errno], ["cgroup.denied", "EROFS"]);
});

Deno.test("disposing a group ends what is in it, and once more is no error", async () => {
  const { fs, driver } = await opened();
  const group = await driver.createGroup({ id: "a", tenant: ACME, limits: LIMITS });
  const process = fs.spawn("tenant-acme/vm-a");
  await group[Symbol.asyncDispose]();
  await group[Symbol.asyncDispose]();
  assertEquals([process.alive(), await fs.children(""), fs.openWatches], [false, [], 0]);
});

Deno.test("unenforceable() names the limits whose controllers are not there", async () => {
  const { driver } = await opened({ controllers: ["memory", "pids", "cpu"] });
  assertEquals(driver.unenforceable({ ...LIMITS, cpuWeight: 3, ioWeight: 5, cpus: "0", mems: "0" }), [
    { limit: "ioWeight", reason: "/sys/fs/cgroup/ci has no io controller" },
    { limit: "cpus", reason: "/sys/fs/cgroup/ci has no cpuset controller" },
    { limit: "mems", reason: "/sys/fs/cgroup/ci has no cpuset controller" },
  ]);
  assertEquals([driver.unenforceable(LIMITS), driver.unenforceable({ swapMaxBytes: 0 })], [[], []]);
});

Deno.test("unenforceable() names the limits that the kernel has no files for, though it has the controllers", async () => {
  const { driver } = await opened({ lacking: ["memory.swap.max", "io.weight"] });
  assertEquals(driver.unenforceable({ ...LIMITS, swapMaxBytes: 0, ioWeight: 5, cpuWeight: 3 }), [
    { limit: "swapMaxBytes", reason: "this kernel has no memory.swap.max" },
    { limit: "ioWeight", reason: "this kernel has no io.weight" },
  ]);
});

Deno.test("openCgroupfs() refuses a kernel that can't end a group, and leaves nothing of its trial", async () => {
  const fs = new FakeCgroupFs({ top: "group", lacking: ["cgroup.kill"] });
  const error = await assertRejects(() => openCgroupfs(fs), BerthError, "no cgroup.kill");
  assertEquals([error.code, await fs.children("")], ["cgroup.kernel", []]);
});

Deno.test("disposing the driver undoes nothing: others may make groups in the same place", async () => {
  const { fs, driver } = await opened();
  await using _group = await driver.createGroup({ id: "a", limits: LIMITS });
  const since = fs.calls.length;
  await driver[Symbol.asyncDispose]();
  assertEquals(fs.calls.slice(since), []);
});
