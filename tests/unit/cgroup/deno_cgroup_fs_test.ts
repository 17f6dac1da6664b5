import { assertEquals, assertInstanceOf, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { within } from "../../../lib/base/deadline.ts";
import { CgroupFsError, isErrno } from "../../../lib/cgroup/cgroup_fs.ts";
import { DenoCgroupFs } from "../../../lib/cgroup/deno_cgroup_fs.ts";
import { temporaryFolder } from "../../support/temp.ts";
import { listTree } from "../../support/tree.ts";

/** A plain folder in place of a cgroup tree: what goes for any file system. */
async function folder(): Promise<{ fs: DenoCgroupFs; path: string } & AsyncDisposable> {
  const temporary = await temporaryFolder();
  await Deno.mkdir(`${temporary.path}/a/b`, { recursive: true });
  await Deno.writeTextFile(`${temporary.path}/a/file`, "old and long\n");
  const fs = new DenoCgroupFs(temporary.path);
  return { fs, path: temporary.path, [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose]() };
}

const BAD_PATHS = ["/a", "a/", "a//b", "../a", "a/..", "a/../b", "..", ".", "a/./b", "a\0b", "/"];

Deno.test("DenoCgroupFs wants an absolute root, and keeps it without a slash at its end", () => {
  assertThrows(() => new DenoCgroupFs("run/cgroup"), TypeError);
  assertEquals(new DenoCgroupFs("/run/cgroup/").root, "/run/cgroup");
});

Deno.test("a path that could lead out is a TypeError, and nothing is touched", async () => {
  await using place = await folder();
  const { fs } = place;
  // What the paths would lead to, were they used.
  const before = await listTree(place.path);
  for (const path of BAD_PATHS) {
    await assertRejects(() => fs.read(path), TypeError, "not a path in a cgroup tree");
    await assertRejects(() => fs.write(path, "new"), TypeError, "not a path in a cgroup tree");
    await assertRejects(() => fs.mkdir(path), TypeError, "not a path in a cgroup tree");
    await assertRejects(() => fs.rmdir(path), TypeError, "not a path in a cgroup tree");
    await assertRejects(() => fs.children(path), TypeError, "not a path in a cgroup tree");
    assertThrows(() => fs.watch(path), TypeError, "not a path in a cgroup tree");
  }
  assertEquals(await listTree(place.path), before);
});

Deno.test("read() takes one newline off the end, and no more", async () => {
  await using place = await folder();
  for (const [content, expected] of [["a\nb\n", "a\nb"], ["a\n\n", "a\n"], ["a", "a"], ["\n", ""], ["", ""]]) {
    await Deno.writeTextFile(`${place.path}/a/file`, content);
    assertEquals(await place.fs.read("a/file"), expected);
  }
});

Deno.test("write() never creates a file", async () => {
  await using place = await folder();
  const error = await assertRejects(() => place.fs.write("a/new", "1"), CgroupFsError);
  assertEquals([error.operation, error.path, error.errno, error.data], ["write", "a/new", "ENOENT", "1"]);
  assertEquals(Object.keys(await listTree(place.path)).sort(), ["a", "a/b", "a/file"]);
});

Deno.test("write() writes from the start, and doesn't truncate", async () => {
  await using place = await folder();
  await place.fs.write("a/file", "new");
  assertEquals(await place.fs.read("a/file"), "new and long");
});

Deno.test("rmdir() removes an empty folder and nothing else", async () => {
  await using place = await folder();
  const { fs } = place;
  assertEquals((await assertRejects(() => fs.rmdir("a/file"), CgroupFsError)).errno, "ENOTDIR");
  assertEquals((await assertRejects(() => fs.rmdir("a"), CgroupFsError)).errno, "ENOTEMPTY");
  assertEquals((await assertRejects(() => fs.rmdir("none"), CgroupFsError)).errno, "ENOENT");
  await fs.rmdir("a/b");
  assertEquals(Object.keys(await listTree(place.path)).sort(), ["a", "a/file"]);
});

Deno.test("mkdir() makes one folder, and not those above it", async () => {
  await using place = await folder();
  await place.fs.mkdir("a/c");
  assertEquals((await assertRejects(() => place.fs.mkdir("x/y"), CgroupFsError)).errno, "ENOENT");
  assertEquals((await assertRejects(() => place.fs.mkdir("a/c"), CgroupFsError)).errno, "EEXIST");
  assertEquals(Object.keys(await listTree(place.path)).sort(), ["a", "a/b", "a/c", "a/file"]);
});

Deno.test("children() names folders only", async () => {
  await using place = await folder();
  assertEquals(await place.fs.children("a"), ["b"]);
  assertEquals(await place.fs.children(""), ["a"]);
});

Deno.test("a refusal of the kernel says what was done to what, and keeps what Deno has thrown", async () => {
  await using place = await folder();
  const error = await assertRejects(() => place.fs.read("a/none"), CgroupFsError);
  assertEquals(error.message, "read a/none: ENOENT");
  assertInstanceOf(error.cause, Deno.errors.NotFound);
  assertStringIncludes((error.cause as Error).message, "(os error 2)");
  assertEquals([isErrno(error, "ENOENT"), isErrno(error, "EBUSY")], [true, false]);
});

Deno.test("a refusal has the kernel's name for it", async () => {
  await using place = await folder();
  assertEquals((await assertRejects(() => place.fs.read("a"), CgroupFsError)).errno, "EISDIR");
  assertEquals((await assertRejects(() => place.fs.mkdir("n".repeat(300)), CgroupFsError)).errno, "ENAMETOOLONG");
});

Deno.test("a refusal without a name in our list is unknown", async () => {
  await using place = await folder();
  const loop = 'ln -s loop "$1/loop"';
  assertEquals((await new Deno.Command("sh", { args: ["-c", loop, "sh", place.path] }).output()).success, true);
  // ELOOP
  assertEquals((await assertRejects(() => place.fs.read("loop"), CgroupFsError)).errno, "unknown");
});

Deno.test("a number in a path is not taken for the kernel's", async () => {
  await using place = await folder();
  const error = await assertRejects(() => place.fs.read("(os error 16)"), CgroupFsError);
  assertEquals(error.errno, "ENOENT");
});

Deno.test("what Deno's permissions refuse is no refusal of the kernel", async () => {
  const fs = new DenoCgroupFs("/etc");
  await assertRejects(() => fs.read("passwd"), Deno.errors.NotCapable);
  await assertRejects(() => fs.write("passwd", "x"), Deno.errors.NotCapable);
  await assertRejects(() => fs.mkdir("berth"), Deno.errors.NotCapable);
  await assertRejects(() => fs.rmdir("berth"), Deno.errors.NotCapable);
  await assertRejects(() => fs.children(""), Deno.errors.NotCapable);
  assertThrows(() => fs.watch("passwd"), Deno.errors.NotCapable);
});

Deno.test("watch() tells of a change that came before anybody waited", async () => {
  await using place = await folder();
  using watch = place.fs.watch("a/file");
  await place.fs.write("a/file", "new");
  await within(watch.changed(), 10_000, "the change to be told");
});

Deno.test("watch() of what is not there is ENOENT", async () => {
  await using place = await folder();
  const error = assertThrows(() => place.fs.watch("a/none"), CgroupFsError);
  assertEquals([error.operation, error.errno], ["watch", "ENOENT"]);
});

Deno.test("watch() that is disposed ends who waits on it, also when nobody listens any more", async () => {
  await using place = await folder();
  const watch = place.fs.watch("a/file");
  const waiting = watch.changed();
  // Its rejection is nobody's: it must not end the process.
  void watch.changed();
  watch[Symbol.dispose]();
  watch[Symbol.dispose]();
  assertEquals((await assertRejects(() => waiting, DOMException)).name, "AbortError");
  assertEquals((await assertRejects(() => watch.changed(), DOMException)).name, "AbortError");
});
