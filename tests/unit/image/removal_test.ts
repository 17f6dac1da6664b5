// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../lib/base/errors.ts";
import { pinImage } from "../../../lib/image/pinned_image.ts";
import { claimImage, type ClaimOptions } from "../../../lib/image/removal.ts";
import type { ImageStore } from "../../../lib/image/store.ts";
import { tryLockUsed } from "../../../lib/image/store_locks.ts";
import { surveyImages } from "../../../lib/image/survey.ts";
import { sweepStore } from "../../../lib/image/sweep.ts";
import { build, specOf, storeTest, tree } from "../../support/images.ts";
import { holdLock } from "../../support/lock_holder.ts";

const GENTLE: ClaimOptions = { usedBy: [], force: false };

async function remove(store: ImageStore, name: string, options = GENTLE): Promise<number> {
  using image = await claimImage(store, name, options);
  return await image.remove();
}

async function refused(claim: () => Promise<unknown>, code: ErrorCode, words: string): Promise<void> {
  assertEquals((await assertRejects(claim, BerthError, words)).code, code);
}

storeTest("remove() takes the image away, and a sweep its files", async (store, root, work) => {
  await build(store, work, "ci");
  await build(store, work, "other");
  {
    using _image = await pinImage(store, "ci");
  }
  await remove(store, "ci");
  assertEquals((await tree(root)).filter((path) => path.includes("ci")), [".lock-ci"]);
  assertEquals(await sweepStore(store).then((sweep) => sweep?.freedBytes), "kernel of ciinitrd of ci".length);
  assertEquals((await tree(root)).filter((path) => /ci|\.store\//.test(path)).length, 2);
  assertEquals(await Deno.readTextFile((await store.load("other")).spec.kernel), "kernel of other");
});

storeTest("claimImage() refuses what is no image, and an image that is being built", async (store, _, work) => {
  await refused(() => claimImage(store, "no", GENTLE), "image.not-found", 'no image "no"');
  await refused(() => claimImage(store, "../x", GENTLE), "image.name", "is not an image name");
  await build(store, work, "ci");
  using _lock = await store.lock("ci", () => {});
  await refused(
    () => claimImage(store, "ci", { usedBy: [], force: true }),
    "image.building",
    "another berth builds or removes it",
  );
});

storeTest("claimImage() refuses an image that jobs use, and names them", async (store, _, work) => {
  await build(store, work, "ci");
  const claim = (usedBy: string[]) => () => claimImage(store, "ci", { usedBy, force: false });
  await refused(claim(["a"]), "image.in-use", "the job a runs on it");
  await refused(claim(["a", "b"]), "image.in-use", "the jobs a, b run on it");
  using _held = await pinImage(store, "ci");
  await refused(claim([]), "image.in-use", "a job that is about to start uses it");
});

storeTest(
  "claimImage() of an image that is not removed after all does not make it one that was used",
  async (store, root, work) => {
    await build(store, work, "new");
    await build(store, work, "old");
    await Deno.writeTextFile(`${root}/.used-old`, "");
    await Deno.utime(`${root}/.used-old`, 7, 7);
    for (const name of ["new", "old"]) {
      using _claimed = await claimImage(store, name, GENTLE);
      assertEquals(await tryLockUsed(root, name), undefined, "it keeps others out as long as it is held");
    }
    const facts = (await surveyImages(store)).map(({ name, usedAtMs }) => [name, usedAtMs]);
    assertEquals(facts, [["new", undefined], ["old", 7000]]);
  },
);

storeTest("with force the name goes, and the files when nobody holds them", async (store, root, work) => {
  await build(store, work, "ci");
  const paths = await tree(`${root}/.store`);
  {
    using held = await pinImage(store, "ci");
    await remove(store, "ci", { usedBy: ["a"], force: true });
    assertEquals(await store.names(), []);
    assertEquals((await sweepStore(store))?.heldFiles, 2);
    assertEquals(await tree(`${root}/.store`), paths);
    assertEquals(await Deno.readTextFile(held.spec.kernel), "kernel of ci");
  }
  assertEquals((await sweepStore(store))?.heldFiles, 0);
  assertEquals(await tree(root), [".lock", ".store", ".sweep"]);
});

storeTest("remove() leaves a file in the image's own folder that a job holds to a later sweep", async (store, root) => {
  await Deno.mkdir(`${root}/own/deep`, { recursive: true });
  await Deno.writeTextFile(`${root}/own/i`, "initrd");
  await Deno.writeTextFile(`${root}/own/deep/k`, "kernel");
  await Deno.writeTextFile(`${root}/own/spec.json`, JSON.stringify(specOf("deep/k", "i")));
  {
    await using job = await holdLock(`${root}/own/deep/k`, "shared");
    assertEquals(await remove(store, "own", { usedBy: [], force: true }), "initrd".length);
    assertEquals([await store.names(), await Deno.readTextFile(`${root}/own/deep/k`)], [[], "kernel"]);
    await sweepStore(store);
    assertEquals(await Deno.readTextFile(`${root}/own/deep/k`), "kernel");
    await job.kill();
  }
  await sweepStore(store);
  assertEquals(await tree(root), [".lock", ".sweep"]);
});

storeTest("remove() takes NAME.json away as well, so that the name is gone", async (store, root, work) => {
  await build(store, work, "ci");
  await Deno.writeTextFile(`${root}/ci.json`, JSON.stringify(specOf("/k", "/i")));
  await remove(store, "ci");
  assertEquals(await store.has("ci"), false);
});

storeTest("a job that began to load what is removed finds no image", async (store, _, work) => {
  await build(store, work, "ci");
  using image = await claimImage(store, "ci", GENTLE);
  // Watched from the start: it may end before the removal does.
  const late = refused(() => pinImage(store, "ci"), "image.not-found", 'no image "ci"');
  await image.remove();
  image[Symbol.dispose]();
  await late;
});
