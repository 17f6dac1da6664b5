// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { TemplateFolder } from "../../../../lib/image/template/folder.ts";
import { startWriting } from "../../../../lib/image/template/unfinished.ts";
import { rootMissing, testNeeding } from "../../../support/require.ts";
import { inScene, KEY, make, namesIn, type Scene, sceneTest, sh } from "./scene.ts";

/** A template whose state goes to the device that is always full: the kernel's own ENOSPC. */
async function writeToFullDisk({ root, about }: Scene) {
  const folder = new TemplateFolder(root);
  await folder.make();
  await sh('mknod -m 600 "$1" c 1 7', folder.workPath(KEY));
  const file = await Deno.open(folder.workPath(KEY), { write: true });
  return startWriting({ folder, key: KEY, about, file, bounds: { most: 8, bytes: 1024 } });
}

testNeeding(await rootMissing(), "write() on a full disk says so, and leaves nothing", () =>
  inScene(async (scene) => {
    const unfinished = await writeToFullDisk(scene);
    const error = await assertRejects(() => unfinished.write(new Uint8Array(9)), BerthError);
    assertEquals([error.code, error.message], ["host.disk-full", `template ${KEY}: no space left on the disk`]);
    assertEquals(await namesIn(scene.folder), []);
    await unfinished[Symbol.asyncDispose]();
    assertEquals((await make(scene)).key, KEY);
  }));

sceneTest("commit() of a file that somebody has replaced fails, and leaves nothing", async (scene) => {
  const { store, about, folder } = scene;
  const { unfinished } = await store.begin(KEY, about, 1);
  await unfinished!.write(new TextEncoder().encode("mine"));
  await Deno.remove(`${folder}/.work-${KEY}`);
  await Deno.writeTextFile(`${folder}/.work-${KEY}`, "not.");
  await assertRejects(() => unfinished!.commit("nonce"), Error, "somebody has replaced it");
  assertEquals([await namesIn(folder), await store.open(KEY)], [[], {}]);
});

sceneTest("commit() that can't write its record leaves nothing", async (scene) => {
  const { store, about, folder } = scene;
  const { unfinished } = await store.begin(KEY, about, 1);
  await unfinished!.write(new TextEncoder().encode("mine"));
  // What has the record's name can't be replaced by a file.
  await Deno.mkdir(`${folder}/${KEY}.json`);
  await assertRejects(() => unfinished!.commit("nonce"), Error);
  assertEquals(await namesIn(folder), []);
  assertEquals((await make(scene)).key, KEY);
});
