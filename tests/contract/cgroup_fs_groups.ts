/**
 * The contract's tests of groups: making, removing, listing them, and which files they have.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import { assertRefused, checkWrites, type ContractTest } from "./cgroup_fs_context.ts";

/** A file that each controller brings. */
const FILE_OF = {
  memory: "memory.max",
  pids: "pids.max",
  cpu: "cpu.weight",
  io: "io.weight",
  cpuset: "cpuset.cpus",
} as const;

const CORE_FILES = [
  ...["cgroup.controllers", "cgroup.events", "cgroup.freeze", "cgroup.procs", "cgroup.stat", "cgroup.subtree_control"],
  ...["cgroup.type", "cgroup.max.depth", "cgroup.max.descendants", "cpu.stat"],
];

export function testGroups(test: ContractTest): void {
  test("mkdir() makes a group, children() names it, rmdir() removes it", async ({ fs, group, at }) => {
    await fs.mkdir(at("a"));
    await fs.mkdir(at("b"));
    await fs.mkdir(at("a", "below"));
    assertEquals((await fs.children(group)).sort(), ["a", "b"]);
    await fs.rmdir(at("b"));
    assertEquals(await fs.children(group), ["a"]);
  });

  test("mkdir() of what is there is EEXIST, in what is not there ENOENT", async ({ fs, at }) => {
    await fs.mkdir(at("a"));
    await assertRefused(fs.mkdir(at("a")), "EEXIST");
    await assertRefused(fs.mkdir(at("a", "memory.max")), "EEXIST");
    await assertRefused(fs.mkdir(""), "EEXIST");
    await assertRefused(fs.mkdir(at("none", "a")), "ENOENT");
    await assertRefused(fs.mkdir(at("a", "cgroup.procs", "b")), "ENOTDIR");
    await assertRefused(fs.mkdir(at("line\nbreak")), "EINVAL");
  });

  test("rmdir() of a group with children, and of the root, is EBUSY", async ({ fs, at }) => {
    await fs.mkdir(at("a"));
    await fs.mkdir(at("a", "b"));
    await assertRefused(fs.rmdir(at("a")), "EBUSY");
    await assertRefused(fs.rmdir(""), "EBUSY");
    await assertRefused(fs.rmdir(at("none")), "ENOENT");
    await assertRefused(fs.rmdir(at("a", "memory.max")), "ENOTDIR");
    await fs.rmdir(at("a", "b"));
    await fs.rmdir(at("a"));
  });

  test("children() of what is no group is ENOENT or ENOTDIR", async ({ fs, at }) => {
    await fs.mkdir(at("a"));
    assertEquals(await fs.children(at("a")), []);
    await assertRefused(fs.children(at("none")), "ENOENT");
    await assertRefused(fs.children(at("a", "memory.max")), "ENOTDIR");
  });

  test("a file that is not there is ENOENT, for read(), write() and watch()", async ({ fs, group, at }) => {
    await assertRefused(fs.read(at("nothing")), "ENOENT");
    await assertRefused(fs.write(at("nothing"), "1"), "ENOENT");
    await assertRefused(Promise.try(() => fs.watch(at("nothing"))), "ENOENT");
    await assertRefused(fs.read(at("none", "cgroup.procs")), "ENOENT");
    assertEquals(await fs.children(group), []);
  });

  test("a path that leads out is a mistake of the program", async ({ fs, group, at }) => {
    for (const path of [`/${group}`, at("..", "a"), `${group}//a`, `${group}/`, "..", at(".")]) {
      await assertRejects(() => fs.read(path), TypeError);
      await assertRejects(() => fs.mkdir(path), TypeError);
      await assertRejects(() => fs.rmdir(path), TypeError);
    }
  });

  test("the root of the tree has no events, freezer, kill or type", async ({ fs }) => {
    for (const file of ["cgroup.events", "cgroup.freeze", "cgroup.kill", "cgroup.type", "memory.max", "pids.max"]) {
      await assertRefused(fs.read(file), "ENOENT", file);
      await assertRefused(fs.write(file, "1"), "ENOENT", file);
    }
    for (const file of ["cgroup.controllers", "cgroup.subtree_control", "cgroup.procs"]) await fs.read(file);
  });

  test("a group has a controller's files when its parent has enabled it, and core files always", async (context) => {
    const { fs, at } = context;
    await fs.mkdir(at("a"));
    await fs.mkdir(at("a", "b"));
    for (const [controller, file] of Object.entries(FILE_OF)) {
      await assertRefused(fs.read(at("a", "b", file)), "ENOENT", file);
      await fs.write(at("a", "cgroup.subtree_control"), `+${controller}`);
      await fs.read(at("a", "b", file));
    }
    await fs.mkdir(at("a", "b", "c"));
    for (const file of CORE_FILES) await fs.read(at("a", "b", "c", file));
  });

  test("a group's controllers are those that its parent has enabled", async ({ fs, at }) => {
    await fs.mkdir(at("a"));
    await fs.mkdir(at("a", "b"));
    assertEquals(await fs.read(at("a", "b", "cgroup.controllers")), "");
    await fs.write(at("a", "cgroup.subtree_control"), "+pids +cpu +memory");
    assertEquals(await fs.read(at("a", "cgroup.subtree_control")), "cpu memory pids");
    assertEquals(await fs.read(at("a", "b", "cgroup.controllers")), "cpu memory pids");
    assertEquals(await fs.read(at("a", "b", "cgroup.subtree_control")), "");
  });

  test("a controller that was disabled has forgotten its values", async ({ fs, group, at }) => {
    await fs.mkdir(at("a"));
    await fs.write(at("a", "pids.max"), "77");
    await fs.write(at("a", "cpu.weight"), "77");
    await fs.write(at("cgroup.subtree_control"), "-pids");
    await assertRefused(fs.read(at("a", "pids.max")), "ENOENT");
    await fs.write(`${group}/cgroup.subtree_control`, "+pids");
    assertEquals(await fs.read(at("a", "pids.max")), "max");
    assertEquals(await fs.read(at("a", "cpu.weight")), "77");
  });

  test("cgroup.subtree_control takes all of a write or nothing", async ({ fs, at }) => {
    await fs.mkdir(at("a"));
    await fs.write(at("a", "cgroup.subtree_control"), "+pids");
    await fs.mkdir(at("a", "b"));
    await checkWrites(fs, at("a", "b", "cgroup.subtree_control"), [
      ["+pids +memory", "ENOENT", ""],
      ["+pids +nonsense", "EINVAL", ""],
      ["pids", "EINVAL", ""],
      ["-memory", undefined, ""],
      ["+pids -pids", undefined, ""],
      ["-pids +pids", undefined, "pids"],
      ["+pids", undefined, "pids"],
    ]);
  });

  test("a controller that a child has enabled can't be disabled", async ({ fs, at }) => {
    await fs.mkdir(at("a"));
    await fs.write(at("a", "cgroup.subtree_control"), "+memory");
    await assertRefused(fs.write(at("cgroup.subtree_control"), "-memory"), "EBUSY");
    await fs.write(at("a", "cgroup.subtree_control"), "-memory");
    await fs.write(at("cgroup.subtree_control"), "-memory");
  });

  test("cgroup.stat counts descendants", async ({ fs, at }) => {
    for (const path of ["a", "a/b", "a/b/c"]) await fs.mkdir(at(path));
    assertEquals((await fs.read(at("a", "cgroup.stat"))).split("\n")[0], "nr_descendants 2");
    await fs.rmdir(at("a", "b", "c"));
    assertEquals((await fs.read(at("a", "cgroup.stat"))).split("\n")[0], "nr_descendants 1");
  });

  test("mkdir() beyond cgroup.max.descendants or cgroup.max.depth of a group above is EAGAIN", async ({ fs, at }) => {
    await fs.mkdir(at("a"));
    await fs.write(at("a", "cgroup.max.descendants"), "1");
    await fs.mkdir(at("a", "b"));
    await assertRefused(fs.mkdir(at("a", "c")), "EAGAIN");
    await fs.write(at("a", "cgroup.max.descendants"), "max");
    await fs.write(at("a", "cgroup.max.depth"), "1");
    await assertRefused(fs.mkdir(at("a", "b", "c")), "EAGAIN");
    await fs.mkdir(at("a", "c"));
  });
}
