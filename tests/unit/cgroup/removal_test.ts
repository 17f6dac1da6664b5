// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertRejects } from "@std/assert";
import { DeadlineError } from "../../../lib/base/deadline.ts";
import { CgroupFsError } from "../../../lib/cgroup/cgroup_fs.ts";
import { endGroup, removeTree, waitUntilEmpty } from "../../../lib/cgroup/removal.ts";
import { FakeCgroupFs } from "../../support/cgroup/fake_cgroup_fs.ts";

async function tree(...paths: string[]): Promise<FakeCgroupFs> {
  const fs = new FakeCgroupFs();
  for (const path of paths) await fs.mkdir(path);
  return fs;
}

/** Which groups were removed, in order; attempts that were refused are among them. */
function removed(fs: FakeCgroupFs): string[] {
  return fs.calls.filter(({ operation }) => operation === "rmdir").map(({ path }) => path);
}

function kills(fs: FakeCgroupFs, path: string): number {
  return fs.calls.filter((call) => call.operation === "write" && call.path === `${path}/cgroup.kill`).length;
}

Deno.test("endGroup() kills what is in a group and below it, waits for its end, and removes it", async () => {
  const fs = await tree("a", "a/b", "other");
  const doomed = [fs.spawn("a"), fs.spawn("a/b")];
  const other = fs.spawn("other");
  await endGroup(fs, "a");
  assertEquals(doomed.map((process) => process.alive()), [false, false]);
  assertEquals([await fs.children(""), other.alive(), fs.openWatches], [["other"], true, 0]);
});

Deno.test("endGroup() waits for a process that takes its time to die", async () => {
  const fs = await tree("a");
  const stuck = fs.spawn("a", { isStuck: true });
  // It wakes up when its end has been looked for in vain.
  fs.faults.after({ operation: "read", path: "a/cgroup.events" }, () => void setTimeout(() => stuck.end(), 0), 1);
  await endGroup(fs, "a");
  assertEquals([await fs.children(""), fs.openWatches], [[], 0]);
});

Deno.test("endGroup() of an empty group opens no watch", async () => {
  const fs = await tree("a");
  await endGroup(fs, "a");
  assertEquals([await fs.children(""), fs.calls.some(({ operation }) => operation === "watch")], [[], false]);
});

Deno.test("endGroup() of what is not there is no error, and once more neither", async () => {
  const fs = await tree("a");
  await endGroup(fs, "none");
  await endGroup(fs, "a");
  await endGroup(fs, "a");
  assertEquals(await fs.children(""), []);
});

Deno.test("endGroup() of a group that goes away meanwhile is no error", async () => {
  const fs = await tree("a");
  fs.faults.after({ operation: "read", path: "a/cgroup.events" }, () => fs.rmdir("a"), 1);
  await endGroup(fs, "a");
  assertEquals(await fs.children(""), []);
});

Deno.test("endGroup() of a group whose files say ENODEV is no error: it is on its way out", async () => {
  const fs = await tree("a");
  fs.faults.refuse("ENODEV", { path: /^a\// });
  await endGroup(fs, "a");
});

Deno.test("endGroup() passes on what stands in its way", async () => {
  const fs = await tree("a");
  fs.faults.makeReadOnly();
  assertEquals((await assertRejects(() => endGroup(fs, "a"), CgroupFsError)).errno, "EROFS");
});

Deno.test("endGroup() on a kernel without cgroup.kill removes what has ended by itself", async () => {
  const fs = new FakeCgroupFs({ lacking: ["cgroup.kill"] });
  await fs.mkdir("a");
  const process = fs.spawn("a");
  fs.faults.after({ operation: "read", path: "a/cgroup.events" }, () => void setTimeout(() => process.end(), 0), 1);
  await endGroup(fs, "a");
  assertEquals([await fs.children(""), fs.openWatches], [[], 0]);
});

Deno.test("waitUntilEmpty() says what it waited for and how long, and leaves no watch open", async () => {
  const fs = await tree("a");
  const stuck = fs.spawn("a", { isStuck: true });
  // A change that is not the end does not start the time anew.
  fs.faults.after({ operation: "watch" }, () => fs.write("a/cgroup.freeze", "1"), 1);
  const error = await assertRejects(() => waitUntilEmpty(fs, "a", 20), DeadlineError);
  assertEquals([error.what, error.timeoutMs], ["the cgroup /fake/cgroup/a to become empty", 20]);
  assertEquals(fs.openWatches, 0);
  stuck.end();
  await waitUntilEmpty(fs, "a", 20);
});

Deno.test("waitUntilEmpty() looks again at each change, and returns at the last one", async () => {
  const fs = await tree("a");
  const processes = [fs.spawn("a"), fs.spawn("a")];
  // The first change is not the end: the group is frozen.
  const news = [() => void fs.write("a/cgroup.freeze", "1"), ...processes.map((process) => () => process.end())];
  const onLook = () => void setTimeout(() => news.shift()?.(), 0);
  fs.faults.after({ operation: "read", path: "a/cgroup.events" }, onLook, news.length);
  await waitUntilEmpty(fs, "a", 10_000);
  assertEquals([news.length, fs.openWatches, await fs.read("a/cgroup.events")], [0, 0, "populated 0\nfrozen 1"]);
});

Deno.test("waitUntilEmpty() looks by itself where no watch can be had, until the group is empty or its time is up", async () => {
  const fs = await tree("a");
  fs.faults.refuse("unknown", { operation: "watch" });
  const process = fs.spawn("a", { isStuck: true });
  await assertRejects(() => waitUntilEmpty(fs, "a", 50), DeadlineError);
  // When it has been looked for in vain twice.
  let looks = 0;
  fs.faults.after({ operation: "read", path: "a/cgroup.events" }, () => void (++looks === 2 && process.end()));
  await waitUntilEmpty(fs, "a", 10_000);
  assertEquals(await fs.read("a/cgroup.events"), "populated 0\nfrozen 0");
});

Deno.test("removeTree() removes the deepest groups first", async () => {
  const fs = await tree("a", "a/b", "a/b/c", "a/d");
  await removeTree(fs, "a");
  const last = [...new Set(removed(fs).toReversed())].toReversed();
  assertEquals(last, ["a/b/c", "a/b", "a/d", "a"]);
  assertEquals(await fs.children(""), []);
});

Deno.test("removeTree() tries again while the kernel says EBUSY, and kills who has joined since", async () => {
  const fs = await tree("a");
  const late = fs.spawn("a");
  await removeTree(fs, "a");
  assertEquals([late.alive(), await fs.children("")], [false, []]);
  assert(kills(fs, "a") >= 1 && removed(fs).length >= 2);
});

Deno.test("removeTree() kills nothing when the first attempt succeeds", async () => {
  const fs = await tree("a", "a/b");
  await removeTree(fs, "a");
  assertEquals([kills(fs, "a"), await fs.children("")], [0, []]);
});

Deno.test("removeTree() goes on above a group that somebody else has removed meanwhile", async () => {
  const fs = await tree("a", "a/b", "a/c");
  fs.faults.after({ operation: "list", path: "a" }, () => fs.rmdir("a/b"), 1);
  await removeTree(fs, "a");
  assertEquals(await fs.children(""), []);
});

Deno.test("removeTree() goes on above a group that went between its refusal and the look below it", async () => {
  const fs = await tree("a", "a/b", "a/c");
  fs.faults.refuse("EBUSY", { operation: "rmdir", path: "a/b" }, 1);
  fs.faults.refuse("ENOENT", { operation: "list", path: "a/b" });
  await removeTree(fs, "a");
  assertEquals(await fs.children(""), []);
});

Deno.test("removeTree() gives up on a group that stays busy, and says which", async () => {
  const fs = await tree("a");
  fs.faults.refuse("EBUSY", { operation: "rmdir", path: "a" });
  const error = await assertRejects(() => removeTree(fs, "a", 20), DeadlineError);
  assertEquals([error.what, error.timeoutMs], ["the cgroup /fake/cgroup/a to let itself be removed", 20]);
});

Deno.test("removeTree() does not try again what will not change", async () => {
  const fs = await tree("a");
  fs.faults.refuse("EPERM", { operation: "rmdir", path: "a" });
  assertEquals((await assertRejects(() => removeTree(fs, "a"), CgroupFsError)).errno, "EPERM");
  assertEquals(removed(fs), ["a"]);
});
