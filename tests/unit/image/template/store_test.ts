// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { statfs } from "node:fs/promises";
import { TemplateStore } from "../../../../lib/image/template/store.ts";
import { holdLock } from "../../../support/lock_holder.ts";
import { KEY, keyOf, make, namesIn, type Scene, sceneTest, sh, textOf, usedAt } from "./scene.ts";

sceneTest("a template that was committed is opened with all that was written", async (scene) => {
  const { store, about, folder } = scene;
  assertEquals(await store.open(KEY), {});
  const { unfinished } = await store.begin(KEY, about, 1);
  for (const part of ["one ", "two ", ""]) await unfinished!.write(new TextEncoder().encode(part));
  assertEquals([await store.open(KEY), await namesIn(folder)], [{}, [`.work-${KEY}`]]);
  const made = await unfinished!.commit("a nonce");
  const { template, why } = await new TemplateStore(scene.root).open(KEY);
  assertEquals([template, why, await textOf(template)], [made, undefined, "one two "]);
  assertEquals([made.key, made.path, made.nonce, made.bytes], [KEY, `${folder}/${KEY}.state`, "a nonce", 8]);
  assertEquals(await namesIn(folder), [`${KEY}.json`, `${KEY}.state`]);
});

sceneTest("a template's files are its user's alone, and its record tells what it is", async (scene) => {
  const made = await make(scene, KEY, "abc");
  const modes = [scene.folder, made.path, `${scene.folder}/${KEY}.json`].map((path) =>
    Deno.statSync(path).mode! & 0o7777
  );
  assertEquals(modes, [0o700, 0o400, 0o600]);
  const record = JSON.parse(await Deno.readTextFile(`${scene.folder}/${KEY}.json`));
  assertEquals([record.key, record.about, record.nonce], [KEY, scene.about, made.nonce]);
  assertEquals(record.sha256, createHash("sha256").update("abc").digest("hex"));
});

sceneTest("open() counts as a use, and leaves the state's times alone", async (scene) => {
  const { store, folder } = scene;
  const { path } = await make(scene);
  await usedAt(folder, KEY, 7);
  const [{ usedMs }] = await store.list();
  const before = await Deno.stat(path);
  const began = Date.now();
  await store.open(KEY);
  const after = await Deno.stat(path);
  assertEquals([usedMs, (await store.list())[0].usedMs >= began], [7000, true]);
  assertEquals([after.mtime, after.ctime], [before.mtime, before.ctime]);
});

sceneTest("begin() refuses what is there already, and what another process writes", async (scene) => {
  const { store, about, folder } = scene;
  await make(scene);
  assertEquals(await store.begin(KEY, about, 1), { why: "there is such a template already" });
  const other = keyOf(2);
  await Deno.writeTextFile(`${folder}/.work-${other}`, "half");
  await using writer = await holdLock(`${folder}/.work-${other}`, "exclusive");
  assertEquals(await store.begin(other, about, 1), { why: "another berth makes this template" });
  assertEquals(await Deno.readTextFile(`${folder}/.work-${other}`), "half");
  await writer.kill();
  // What it has left is begun anew.
  assertEquals(await textOf(await make(scene, other, "whole")), "whole");
});

for (const mode of [0o600, 0o400]) {
  sceneTest(`begin() takes over what a killed writer has left with the mode ${mode.toString(8)}`, async (scene) => {
    const { folder, store, about } = scene;
    await (await store.begin(KEY, about, 1)).unfinished![Symbol.asyncDispose]();
    await Deno.writeTextFile(`${folder}/.work-${KEY}`, "much more than there will be", { mode });
    await Deno.chmod(`${folder}/.work-${KEY}`, mode);
    assertEquals(await textOf(await make(scene, KEY, "new")), "new");
    assertEquals(await namesIn(folder), [`${KEY}.json`, `${KEY}.state`]);
  });
}

for (
  const [what, line] of [["a link", 'ln -s "$1" "$2"'], ["a dangling link", 'ln -s "$1.none" "$2"'], [
    "a pipe",
    'mkfifo "$2"',
  ], ["a full folder", 'mkdir -p "$2/a/b"']]
) {
  sceneTest(
    `begin() makes its own work file where there is ${what}, and changes nothing behind that`,
    async (scene) => {
      const { folder, store, about, work } = scene;
      await (await store.begin(KEY, about, 1)).unfinished![Symbol.asyncDispose]();
      await Deno.writeTextFile(`${work}/precious`, "precious");
      await sh(line, `${work}/precious`, `${folder}/.work-${KEY}`);
      assertEquals(await textOf(await make(scene, KEY, "new")), "new");
      assertEquals(await Deno.readTextFile(`${work}/precious`), "precious");
    },
  );
}

sceneTest(
  "begin() refuses where 300 MiB more would be too much for the disk",
  async ({ store, about, root, folder }) => {
    const { bavail, bsize } = await statfs(root);
    const { unfinished, why } = await store.begin(KEY, about, bavail * bsize - 10 * 1024 ** 2);
    assertEquals([unfinished, await namesIn(folder)], [undefined, []]);
    assertStringIncludes(why!, "are to stay free");
  },
);

sceneTest("what is not committed is gone when it is disposed, and takes no more", async ({ store, about, folder }) => {
  {
    await using unfinished = (await store.begin(KEY, about, 1)).unfinished!;
    await unfinished.write(new Uint8Array(9));
  }
  const { unfinished } = await store.begin(KEY, about, 1);
  await unfinished!.commit("");
  await unfinished![Symbol.asyncDispose]();
  await assertRejects(() => unfinished!.write(new Uint8Array(1)), Error, "is over");
  assertEquals((await store.open(KEY)).template?.bytes, 0);
  assertEquals(await namesIn(folder), [`${KEY}.json`, `${KEY}.state`]);
});

sceneTest("a state that is larger than all may be is refused while it is written", async ({ root, about, folder }) => {
  const store = new TemplateStore(root, { bytes: 10_000 });
  const { unfinished } = await store.begin(KEY, about, 1);
  await unfinished!.write(new Uint8Array(10_000));
  await assertRejects(() => unfinished!.write(new Uint8Array(1)), Error, "more than the 9.8 KiB of them all");
  assertEquals(await namesIn(folder), []);
});

sceneTest("list() tells what there is, and nothing of what can't be used", async (scene) => {
  const { store, about, folder } = scene;
  assertEquals(await store.list(), []);
  const made = await make(scene, KEY, "x".repeat(10_000));
  await make(scene, keyOf(1));
  await Deno.chmod(`${folder}/${keyOf(1)}.state`, 0o600);
  await usedAt(folder, KEY, 9);
  const bytes = (await Deno.stat(made.path)).blocks! * 512;
  const facts = { key: KEY, about, bytes, createdMs: made.createdMs, usedMs: 9000, failures: 0 };
  assertEquals([await store.list(), bytes >= 10_000], [[facts], true]);
});

sceneTest("a template that goes tells what that frees, and whoever has it open keeps it", async (scene) => {
  const { store, folder } = scene;
  assertEquals((await store.sweep("another")).freedBytes, 0);
  const { path } = await make(scene, KEY, "x".repeat(100_000));
  using clone = await Deno.open(path);
  assertEquals([(await store.sweep("another")).freedBytes >= 100_000, await namesIn(folder)], [true, []]);
  assertEquals(await store.open(KEY), {});
  assertEquals((await new Response(clone.readable).arrayBuffer()).byteLength, 100_000);
});

sceneTest("a key that could be another path is refused before anything is looked at", async ({ store, about }) => {
  for (const key of ["", "../../etc", KEY.slice(1), KEY.toUpperCase(), `${KEY}\n`]) {
    for (const use of [store.open(key), store.begin(key, about, 1), store.blame(key, "x")]) {
      await assertRejects(() => use, TypeError, "32 hexadecimal digits");
    }
  }
});

sceneTest("a folder that others may look into is its user's alone again with the next template", async (scene) => {
  await make(scene);
  await Deno.chmod(scene.folder, 0o755);
  assertEquals(await textOf((await scene.store.open(KEY)).template), "state of a guest");
  await make(scene, keyOf(1));
  assertEquals((await Deno.stat(scene.folder)).mode! & 0o7777, 0o700);
});

/** What every use of a folder says that is not to be trusted. */
async function expectRefused({ store, about }: Scene, words: string): Promise<void> {
  for (const { why } of [await store.open(KEY), await store.begin(KEY, about, 1)]) assertStringIncludes(why!, words);
  const others = [() => store.list(), () => store.sweep("boot"), () => store.blame(KEY, "x")];
  for (const use of others) await assertRejects(use, Error, words);
}

sceneTest("a folder that is a link, or that others may write, is refused and left alone", async (scene) => {
  const { path } = await make(scene);
  await Deno.chmod(scene.folder, 0o770);
  await expectRefused(scene, "others may write into it (mode 770)");
  await Deno.chmod(scene.folder, 0o700);
  await Deno.rename(scene.folder, `${scene.work}/elsewhere`);
  await sh('ln -s "$1" "$2"', `${scene.work}/elsewhere`, scene.folder);
  await expectRefused(scene, "this is no folder");
  assertEquals(await Deno.readTextFile(path), "state of a guest");
});
