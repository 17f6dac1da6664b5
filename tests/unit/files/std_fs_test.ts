// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { emptyDir, ensureDir, exists, walk, type WalkOptions } from "@std/fs";
import { runScript } from "../../support/shell.ts";
import { temporaryFolder } from "../../support/temp.ts";

const MAKE_TREE = `
  cd "$1"
  mkdir -p a/c
  echo b >a/b.txt
  echo d >a/c/d.ts
  ln -s a link
  ln -s nowhere dangling`;

/** A test with a folder of its own, which has that tree. */
function treeTest(name: string, fn: (folder: string) => Promise<void>): void {
  Deno.test(name, async () => {
    await using folder = await temporaryFolder();
    // Deno makes links only for who may read and write everything.
    await runScript(["sh", "-ec"], MAKE_TREE, "sh", folder.path);
    await fn(folder.path);
  });
}

treeTest("exists() follows links, and takes what leads nowhere for nothing", async (folder) => {
  const found = ["a", "a/b.txt", "link", "link/c", "dangling", "x", "x/y"].map((name) => exists(`${folder}/${name}`));
  assertEquals(await Promise.all(found), [true, true, true, true, false, false, false]);
});

treeTest("exists() asks for a folder, or for a file, and not for both", async (folder) => {
  const ask = (name: string) =>
    Promise.all([{ isDirectory: true }, { isFile: true }].map((options) => exists(`${folder}/${name}`, options)));
  assertEquals([await ask("a"), await ask("link"), await ask("a/b.txt")], [[true, false], [true, false], [
    false,
    true,
  ]]);
  await assertRejects(() => exists(folder, { isDirectory: true, isFile: true }), TypeError, "nothing is both");
});

treeTest("exists() hands on an error that says nothing about it", async (folder) => {
  await assertRejects(() => exists(`${folder}/a/b.txt/x`), Deno.errors.NotADirectory);
  await assertRejects(() => exists("/proc/self/environ"), Deno.errors.NotCapable);
});

treeTest("ensureDir() makes folders, and leaves one that is there alone", async (folder) => {
  await ensureDir(`${folder}/new/deep`);
  await ensureDir(`${folder}/new/deep`);
  await ensureDir(`${folder}/link`);
  await ensureDir(`${folder}/a`);
  assertEquals(await exists(`${folder}/new/deep`, { isDirectory: true }), true);
  assertEquals(await Deno.readTextFile(`${folder}/a/b.txt`), "b\n");
  await assertRejects(() => ensureDir(`${folder}/a/b.txt`), Error, "b.txt: this is no folder");
});

treeTest("emptyDir() removes what is in a folder, links and not what they lead to, and makes one", async (folder) => {
  await Deno.mkdir(`${folder}/full/sub/sub`, { recursive: true });
  await runScript(["sh", "-ec"], 'ln -s ../a "$1/full/link"', "sh", folder);
  const inode = async () => (await Deno.stat(`${folder}/full`)).ino;
  const before = await inode();
  await emptyDir(`${folder}/full`);
  await emptyDir(`${folder}/made/deep`);
  assertEquals([await Array.fromAsync(Deno.readDir(`${folder}/full`)), await inode()], [[], before]);
  assertEquals(await exists(`${folder}/made/deep`, { isDirectory: true }), true);
  assertEquals(await Deno.readTextFile(`${folder}/a/b.txt`), "b\n");
  await assertRejects(() => emptyDir(`${folder}/a/b.txt`), Deno.errors.NotADirectory);
});

treeTest("emptyDir() says that it is not empty, if a name is no text", async (folder) => {
  await runScript(["sh", "-ec"], `: >"$1/a/$(printf 'caf\\351')"`, "sh", folder);
  await assertRejects(() => emptyDir(`${folder}/a`), Deno.errors.NotFound);
});

const ALL = ["", "a", "a/b.txt", "a/c", "a/c/d.ts", "dangling", "link"];
const WALKS: [WalkOptions, string[]][] = [
  [{}, ALL],
  [{ maxDepth: 0 }, [""]],
  [{ maxDepth: 1 }, ["", "a", "dangling", "link"]],
  [{ maxDepth: -1 }, []],
  [{ includeDirs: false }, ["a/b.txt", "a/c/d.ts", "dangling", "link"]],
  [{ includeFiles: false }, ["", "a", "a/c", "dangling", "link"]],
  [{ includeSymlinks: false }, ["", "a", "a/b.txt", "a/c", "a/c/d.ts"]],
  [{ exts: ["ts", ".txt"] }, ["a/b.txt", "a/c/d.ts"]],
];
for (const [options, expected] of WALKS) {
  treeTest(
    `walk() with ${JSON.stringify(options)} tells of ${expected.length}, and follows no link`,
    async (folder) => {
      const paths = await Array.fromAsync(walk(folder, options), ({ path }) => path.slice(folder.length + 1));
      assertEquals(paths.sort(), expected);
    },
  );
}

treeTest("walk() tells what each entry is, and a folder before what is in it", async (folder) => {
  const entries = await Array.fromAsync(walk(`${folder}/a`, { includeFiles: false }));
  assertEquals(entries.map(({ name, isDirectory }) => [name, isDirectory]), [["a", true], ["c", true]]);
  await assertRejects(() => Array.fromAsync(walk(`${folder}/none`)), Deno.errors.NotFound);
});
