/**
 * The contract's tests of processes: where they may be, and what that does to groups.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { waitUntilEmpty } from "../../lib/cgroup/removal.ts";
import { assertRefused, type ContractTest } from "./cgroup_fs_context.ts";

export function testProcesses(test: ContractTest): void {
  test("a process is moved by writing its pid to cgroup.procs", async ({ fs, at, spawn }) => {
    await fs.mkdir(at("a"));
    await fs.mkdir(at("b"));
    const [first, second] = [await spawn(at("a")), await spawn(at("a"))];
    const pids = [first.pid, second.pid].sort((one, other) => one - other);
    assertEquals((await fs.read(at("a", "cgroup.procs"))).split("\n").sort(), pids.map(String).sort());
    await fs.write(at("b", "cgroup.procs"), String(first.pid));
    assertEquals(await fs.read(at("a", "cgroup.procs")), String(second.pid));
    assertEquals(await fs.read(at("b", "cgroup.procs")), String(first.pid));
    assertEquals(await fs.read(at("b", "pids.current")), "1");
  });

  test("the pid of no process is ESRCH, and what is no pid EINVAL", async ({ fs, at }) => {
    await fs.mkdir(at("a"));
    // Below the greatest pid that can be, and above any on a machine this small.
    await assertRefused(fs.write(at("a", "cgroup.procs"), "4000000"), "ESRCH");
    for (const value of ["abc", "-1", "99999999999", "1 2"]) {
      await assertRefused(fs.write(at("a", "cgroup.procs"), value), "EINVAL");
    }
  });

  test("rmdir() of a group with a process in it or below is EBUSY", async ({ fs, at, spawn }) => {
    await fs.mkdir(at("a"));
    await fs.mkdir(at("a", "b"));
    const { pid } = await spawn(at("a", "b"));
    await assertRefused(fs.rmdir(at("a", "b")), "EBUSY");
    await fs.mkdir(at("c"));
    await fs.write(at("c", "cgroup.procs"), String(pid));
    await fs.rmdir(at("a", "b"));
    await fs.rmdir(at("a"));
    await assertRefused(fs.rmdir(at("c")), "EBUSY");
  });

  test("memory and io can't be enabled beside processes", async ({ fs, at, spawn }) => {
    await fs.mkdir(at("a"));
    await fs.mkdir(at("b"));
    const { pid } = await spawn(at("a"));
    for (const words of ["+memory", "+io", "+memory +pids"]) {
      await assertRefused(fs.write(at("a", "cgroup.subtree_control"), words), "EBUSY", words);
    }
    assertEquals(await fs.read(at("a", "cgroup.subtree_control")), "");
    await fs.write(at("b", "cgroup.procs"), String(pid));
    await fs.write(at("a", "cgroup.subtree_control"), "+memory +io +pids");
    assertEquals(await fs.read(at("a", "cgroup.subtree_control")), "io memory pids");
  });

  test("pids, cpu and cpuset beside processes make a threaded domain, whose children take none", async (context) => {
    const { fs, at, spawn } = context;
    await fs.mkdir(at("a"));
    await fs.mkdir(at("a", "b"));
    const { pid } = await spawn(at("a"));
    await fs.write(at("a", "cgroup.subtree_control"), "+pids +cpu +cpuset");
    assertEquals(await fs.read(at("a", "cgroup.type")), "domain threaded");
    assertEquals(await fs.read(at("a", "b", "cgroup.type")), "domain invalid");
    await assertRefused(fs.write(at("a", "b", "cgroup.procs"), String(pid)), "EOPNOTSUPP");
    await assertRefused(fs.write(at("a", "b", "cgroup.subtree_control"), "+pids"), "EOPNOTSUPP");
    await assertRefused(fs.write(at("a", "cgroup.subtree_control"), "+memory"), "EOPNOTSUPP");
    await fs.write(at("a", "cgroup.subtree_control"), "-pids -cpu -cpuset");
    await fs.write(at("a", "b", "cgroup.procs"), String(pid));
  });

  test("a group beside whose processes children have some enables no controller at all", async ({ fs, at, spawn }) => {
    await fs.mkdir(at("a"));
    await fs.mkdir(at("a", "b"));
    await spawn(at("a"));
    await spawn(at("a", "b"));
    for (const name of ["memory", "pids", "cpu"]) {
      await assertRefused(fs.write(at("a", "cgroup.subtree_control"), `+${name}`), "EBUSY", name);
    }
  });

  test("no process gets into a group that has enabled controllers", async ({ fs, group, at, spawn }) => {
    await fs.mkdir(at("a"));
    await fs.mkdir(at("a", "b"));
    await fs.write(at("a", "cgroup.subtree_control"), "+memory");
    const { pid } = await spawn(at("a", "b"));
    await assertRefused(fs.write(at("a", "cgroup.procs"), String(pid)), "EBUSY");
    await assertRefused(fs.write(`${group}/cgroup.procs`, String(pid)), "EBUSY");
    await fs.write(at("a", "cgroup.subtree_control"), "-memory");
    await fs.write(at("a", "cgroup.procs"), String(pid));
    assertEquals(await fs.read(at("a", "cgroup.procs")), String(pid));
  });

  test("join() leaves nothing in a group, and says what keeps a process out", async ({ fs, at, spawn }) => {
    await fs.mkdir(at("a"));
    await fs.join(at("a"));
    await waitUntilEmpty(fs, at("a"));
    await fs.mkdir(at("a", "b"));
    await fs.write(at("a", "cgroup.subtree_control"), "+memory +pids");
    await assertRefused(fs.join(at("a")), "EBUSY");
    await assertRefused(fs.join(at("none")), "ENOENT");
    // A process may be moved beyond the limit, and then starts no other.
    await spawn(at("a", "b"));
    await fs.write(at("a", "pids.max"), "1");
    await assertRefused(fs.join(at("a", "b")), "EAGAIN");
    await fs.write(at("a", "pids.max"), "3");
    await fs.join(at("a", "b"));
  });

  test("the root of the tree takes processes beside its controllers", async ({ fs, at, spawn }) => {
    await fs.mkdir(at("a"));
    const { pid } = await spawn(at("a"));
    assertEquals((await fs.read("cgroup.subtree_control")).split(" ").includes("memory"), true);
    await fs.write("cgroup.procs", String(pid));
    assertEquals(await fs.read(at("a", "cgroup.procs")), "");
    await fs.write(at("a", "cgroup.procs"), String(pid));
  });
}
