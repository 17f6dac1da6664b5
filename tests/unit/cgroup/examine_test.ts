// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../lib/base/errors.ts";
import type { Errno } from "../../../lib/cgroup/cgroup_fs.ts";
import { openCgroupfs } from "../../../lib/cgroup/cgroupfs.ts";
import { examineTree } from "../../../lib/cgroup/examine.ts";
import { FakeCgroupFs } from "../../support/cgroup/fake_cgroup_fs.ts";

const ALL = ["cpuset", "cpu", "io", "memory", "pids"];

Deno.test("examineTree() tells what groups can have, moves no process and enables nothing", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  const { pid } = fs.spawn("");
  assertEquals<unknown>(await examineTree(fs), { controllers: ALL, lacking: [] });
  const now = [await fs.read("cgroup.procs"), await fs.read("cgroup.subtree_control"), await fs.children("")];
  assertEquals(now, [String(pid), "", []]);
});

Deno.test("examineTree() takes no limit for lacking whose controller is only not enabled yet", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  await openCgroupfs(fs);
  fs.faults.refuse("ENOENT", { operation: "read", path: /memory.swap.max$/ });
  assertEquals((await examineTree(fs)).lacking, ["swapMaxBytes"]);
  await fs.write("cgroup.subtree_control", "-memory");
  assertEquals((await examineTree(fs)).lacking, []);
});

const REFUSALS: [what: object, errno: Errno, code: ErrorCode, words: string][] = [
  [{ operation: "mkdir" }, "EACCES", "cgroup.denied", "no group can be made in /ci: EACCES"],
  [{ operation: "mkdir" }, "EROFS", "cgroup.read-only", "no group can be made in /ci: EROFS"],
  [
    { operation: "join" },
    "EACCES",
    "cgroup.denied",
    "no process can join a group in /ci: EACCES: the group above both",
  ],
  [{ operation: "join" }, "EPERM", "cgroup.denied", "no process can join a group in /ci: EPERM: the group above both"],
  [
    { operation: "join" },
    "EROFS",
    "cgroup.read-only",
    "no process can join a group in /ci: EROFS: the tree is mounted",
  ],
  [{ operation: "join" }, "EBUSY", "cgroup.denied", "no process can join a group in /ci: EBUSY: it hands controllers"],
  [
    { operation: "join" },
    "ENOENT",
    "cgroup.denied",
    "no process can join a group in /ci: ENOENT: somebody has removed",
  ],
  [
    { operation: "join" },
    "EAGAIN",
    "cgroup.denied",
    "no process can join a group in /ci: EAGAIN: a group above has no",
  ],
  [{ operation: "write", path: /kill$/ }, "ENOENT", "cgroup.kernel", "no cgroup.kill"],
  [{ operation: "write", path: /subtree_control$/ }, "EACCES", "cgroup.denied", "/ci/cgroup.subtree_control can't be"],
  [{ operation: "read", path: /controllers$/ }, "EACCES", "cgroup.denied", "/ci/cgroup.controllers can't be read"],
];
for (const [what, errno, code, words] of REFUSALS) {
  Deno.test(`examineTree() says ${code} when the kernel says ${errno} to ${JSON.stringify(what)}`, async () => {
    const fs = new FakeCgroupFs({ top: "group" });
    fs.faults.refuse(errno, what);
    assertEquals((await assertRejects(() => examineTree(fs, "/ci"), BerthError, words)).code, code);
    assertEquals(await fs.children(""), []);
  });
}

Deno.test("examineTree() says cgroup.denied where a group above has no process left to give", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  await openCgroupfs(fs);
  await fs.mkdir("ci");
  await fs.write("cgroup.subtree_control", "+pids");
  fs.setContent("pids.max", "1");
  const error = await assertRejects(
    () => examineTree(fs, "/ci"),
    BerthError,
    "EAGAIN: a group above has no process left",
  );
  assertEquals(error.code, "cgroup.denied");
});
