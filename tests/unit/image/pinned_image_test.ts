// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertRejects } from "@std/assert";
import { settlesWithin } from "../../../lib/base/deadline.ts";
import { BerthError } from "../../../lib/base/errors.ts";
import { pinImage } from "../../../lib/image/pinned_image.ts";
import { removeUnheld } from "../../../lib/image/store_locks.ts";
import { build, storeTest, tree } from "../../support/images.ts";
import { holdLock } from "../../support/lock_holder.ts";

storeTest("pinImage() loads an image, and nobody removes its files until it is disposed", async (store, _, work) => {
  await build(store, work, "ci");
  const { kernel, initrd } = (await store.load("ci")).spec;
  {
    using image = await pinImage(store, "ci");
    assertEquals([image.name, image.spec.kernel, image.origin?.agent], ["ci", kernel, "agent of ci"]);
    assertEquals([await removeUnheld(kernel), await removeUnheld(initrd)], [undefined, undefined]);
    using _again = await pinImage(store, "ci");
  }
  assertEquals([await removeUnheld(kernel), await removeUnheld(initrd)], [12, 12]);
});

storeTest("pinImage() notes when that was", async (store, root, work) => {
  await build(store, work, "ci");
  const used = `${root}/.used-ci`;
  await Deno.writeTextFile(used, "");
  await Deno.utime(used, 5, 5);
  using _image = await pinImage(store, "ci");
  assert((await Deno.stat(used)).mtime!.getTime() > 5000);
});

storeTest("pinImage() of no image says so, and leaves nothing", async (store, root, work) => {
  await build(store, work, "ci");
  const before = await tree(root);
  assertEquals((await assertRejects(() => pinImage(store, "no"), BerthError)).code, "image.not-found");
  assertEquals((await assertRejects(() => pinImage(store, "../ci"), BerthError)).code, "image.name");
  assertEquals(await tree(root), before);
});

storeTest("pinImage() names a file that is gone for good", async (store, _, work) => {
  await build(store, work, "ci");
  await Deno.remove((await store.load("ci")).spec.initrd);
  assertEquals((await assertRejects(() => pinImage(store, "ci"), BerthError, "initrd")).code, "image.file-missing");
});

storeTest("pinImage() waits for one that removes a file, and loads what is there then", async (store, _, work) => {
  await build(store, work, "ci", "old");
  const { kernel } = (await store.load("ci")).spec;
  // Another process is about to remove the file, and somebody names the image anew meanwhile.
  await using sweeper = await holdLock(kernel, "exclusive");
  const held = pinImage(store, "ci");
  assertEquals(await settlesWithin(held, 50), false);
  await build(store, work, "ci", "new");
  await Deno.remove(kernel);
  await sweeper.kill();
  using image = await held;
  assertEquals(await Deno.readTextFile(image.spec.kernel), "kernel of new");
});

storeTest("a killed process lets go of what it held", async (store, _, work) => {
  await build(store, work, "ci");
  const { kernel } = (await store.load("ci")).spec;
  await using job = await holdLock(kernel, "shared");
  assertEquals(await removeUnheld(kernel), undefined);
  await job.kill();
  assertEquals(await removeUnheld(kernel), 12);
});
