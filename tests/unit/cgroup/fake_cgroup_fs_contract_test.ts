import { assertEquals, assertRejects } from "@std/assert";
import { CgroupFsError, joinPath } from "../../../lib/cgroup/cgroup_fs.ts";
import { assertRefused, cgroupFsContract, type CgroupHarness } from "../../contract/cgroup_fs.ts";
import { FakeCgroupFs } from "../../support/cgroup/fake_cgroup_fs.ts";

const ALL = "+memory +pids +cpu +io +cpuset";

cgroupFsContract("FakeCgroupFs", async (): Promise<CgroupHarness> => {
  const fs = new FakeCgroupFs({ devices: ["8:0"] });
  const group = "contract";
  await fs.mkdir(group);
  for (const path of ["", group]) await fs.write(joinPath(path, "cgroup.subtree_control"), ALL);
  return {
    fs,
    group,
    device: "8:0",
    spawn: (path) => Promise.resolve(fs.spawn(path)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
});

// What a contract can't show of a real tree: other windows, other kernels, faults, and what happens beside.

Deno.test("FakeCgroupFs: the root of a namespace is a group, whose limits can't be written from inside", async () => {
  const fs = new FakeCgroupFs({ top: "namespace" });
  const { pid } = fs.spawn("");
  assertEquals(await fs.read("cgroup.events"), "populated 1\nfrozen 0");
  await assertRefused(fs.write("memory.max", "max"), "EPERM");
  await fs.write("memory.oom.group", "1");
  await assertRefused(fs.write("cgroup.subtree_control", "+memory"), "EBUSY");
  await fs.mkdir("leaf");
  await fs.write("leaf/cgroup.procs", String(pid));
  await fs.write("cgroup.subtree_control", "+memory");
  assertEquals(await fs.read("leaf/memory.max"), "max");
});

Deno.test("FakeCgroupFs: a window can begin with a group, and lack controllers and files", async () => {
  const fs = new FakeCgroupFs({ top: "group", controllers: ["pids", "memory"], lacking: ["memory.peak"] });
  assertEquals(await fs.read("cgroup.controllers"), "memory pids");
  await assertRefused(fs.write("cgroup.subtree_control", "+pids +cpu"), "ENOENT");
  await assertRefused(fs.read("memory.peak"), "ENOENT");
  await fs.write("memory.max", "8192");
  assertEquals(await fs.read("memory.max"), "8192");
});

Deno.test("FakeCgroupFs: a read-only tree is EROFS, where something could be done", async () => {
  const fs = new FakeCgroupFs();
  await fs.mkdir("a");
  using _fault = fs.faults.makeReadOnly();
  await assertRefused(fs.write("a/cgroup.procs", "1"), "EROFS");
  await assertRefused(fs.mkdir("b"), "EROFS");
  await assertRefused(fs.mkdir("a"), "EEXIST");
  await assertRefused(fs.rmdir("a"), "EROFS");
  await assertRefused(fs.write("a/none", "1"), "ENOENT");
  assertEquals(await fs.children(""), ["a"]);
});

Deno.test("FakeCgroupFs: an operation is refused as often as was asked for", async () => {
  const fs = new FakeCgroupFs();
  fs.faults.refuse("EBUSY", { operation: "mkdir", path: /^a/ }, 2);
  await fs.mkdir("b");
  await assertRefused(fs.mkdir("a"), "EBUSY");
  await assertRefused(fs.mkdir("a"), "EBUSY");
  await fs.mkdir("a");
  assertEquals((await fs.children("")).sort(), ["a", "b"]);
  assertEquals(fs.calls.filter(({ path }) => path === "a").length, 3);
});

Deno.test("FakeCgroupFs: a hook runs after an operation that succeeded, before its caller goes on", async () => {
  const fs = new FakeCgroupFs();
  await fs.mkdir("a");
  const [first, second] = [fs.spawn(""), fs.spawn("")];
  // A process forks while others are moved.
  fs.faults.after({ operation: "write", path: "a/cgroup.procs" }, () => void fs.fork(second.pid), 1);
  await assertRefused(fs.write("a/cgroup.procs", "4000000"), "ESRCH");
  assertEquals((await fs.read("cgroup.procs")).split("\n").length, 2);
  await fs.write("a/cgroup.procs", String(first.pid));
  await fs.write("a/cgroup.procs", String(second.pid));
  assertEquals((await fs.read("cgroup.procs")).split("\n").length, 1);
});

Deno.test("FakeCgroupFs: a fork beyond pids.max is refused and counted, a move is not", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  await fs.mkdir("a");
  await fs.write("cgroup.subtree_control", "+pids");
  await fs.write("a/pids.max", "1");
  const { pid } = fs.spawn("a");
  assertEquals(fs.fork(pid), undefined);
  assertEquals(await fs.read("a/pids.events"), "max 1");
  await fs.write("a/cgroup.procs", String(fs.spawn().pid));
  assertEquals(await fs.read("a/pids.current"), "2");
});

Deno.test("FakeCgroupFs: cgroup.kill takes its time, and a process in uninterruptible sleep outlives it", async () => {
  const fs = new FakeCgroupFs();
  await fs.mkdir("a");
  const [doomed, stuck] = [fs.spawn("a"), fs.spawn("a", { isStuck: true })];
  await fs.write("a/cgroup.kill", "1");
  assertEquals([doomed.alive(), stuck.alive()], [true, true]);
  await assertRefused(fs.rmdir("a"), "EBUSY");
  await doomed.ended;
  assertEquals(await fs.read("a/cgroup.procs"), String(stuck.pid));
  stuck.end();
  await fs.rmdir("a");
});

Deno.test("FakeCgroupFs: a zombie's pid is accepted and moves nothing, a kernel thread's is EINVAL", async () => {
  const fs = new FakeCgroupFs();
  await fs.mkdir("a");
  const zombie = fs.spawn("a");
  zombie.end({ isReaped: false });
  await fs.write("a/cgroup.procs", String(zombie.pid));
  assertEquals(await fs.read("a/cgroup.events"), "populated 0\nfrozen 0");
  await assertRefused(fs.write("a/cgroup.procs", String(fs.spawn("", { isKernelThread: true }).pid)), "EINVAL");
  zombie.end();
  await assertRefused(fs.write("a/cgroup.procs", String(zombie.pid)), "ESRCH");
});

Deno.test("FakeCgroupFs: what the fake doesn't know is no refusal, but an error of the test", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  const error = await assertRejects(() => fs.write("cgroup.type", "threaded"), Error, "doesn't know");
  assertEquals(error instanceof CgroupFsError, false);
});

Deno.test("FakeCgroupFs: what a test sets in a file is told to who watches it", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  using watch = fs.watch("memory.events");
  fs.setContent("memory.events", "oom_kill 1");
  await watch.changed();
  assertEquals(await fs.read("memory.events"), "oom_kill 1");
});
