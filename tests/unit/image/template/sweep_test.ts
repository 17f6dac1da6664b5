// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertStringIncludes } from "@std/assert";
import { claimImage } from "../../../../lib/image/removal.ts";
import { findLeftInStore, sweepStore } from "../../../../lib/image/sweep.ts";
import { TemplateStore } from "../../../../lib/image/template/store.ts";
import { planBounds } from "../../../../lib/image/template/sweep.ts";
import { build, tree } from "../../../support/images.ts";
import { holdLock } from "../../../support/lock_holder.ts";
import { aboutOf, BOOT, editRecord, KEY, keyOf, make, namesIn, sceneTest, textOf, usedAt } from "./scene.ts";

Deno.test("planBounds() lets the least recently used go first, by count and by bytes", () => {
  const used = [["a", 3], ["b", 9], ["c", 5], ["d", 1]] as const;
  const all = used.map(([key, usedMs]) => ({ key, usedMs, bytes: 10 }));
  assertEquals(planBounds(all, { most: 4, bytes: 40 }), []);
  assertEquals(planBounds(all, { most: 3, bytes: 40 }), ["d"]);
  assertEquals(planBounds(all, { most: 1, bytes: 40 }), ["d", "a", "c"]);
  assertEquals(planBounds(all, { most: 4, bytes: 39 }), ["d"]);
  assertEquals(planBounds(all, { most: 4, bytes: 20 }), ["d", "a"]);
  assertEquals(planBounds([{ ...all[0], bytes: 21 }, ...all.slice(1)], { most: 4, bytes: 40 }), ["d", "a"]);
  assertEquals(planBounds([], { most: 0, bytes: 0 }), []);
});

sceneTest("sweep() leaves alone what is needed, and makes no folder", async (scene) => {
  const { store, folder, root } = scene;
  assertEquals(await store.sweep(BOOT), { freedBytes: 0, troubles: [] });
  assertEquals((await tree(root)).includes(".templates"), false);
  const { template } = { template: await make(scene) };
  const { freedBytes, troubles } = await store.sweep(BOOT);
  assertEquals([freedBytes, troubles, await textOf(template)], [0, [], "state of a guest"]);
  assertEquals(await namesIn(folder), [`${KEY}.json`, `${KEY}.state`]);
});

sceneTest("sweep() removes templates of another boot, and counts them", async (scene) => {
  await make(scene, KEY, "x".repeat(50_000));
  await make({ ...scene, about: { ...scene.about, bootId: "another" } }, keyOf(1));
  const { freedBytes, troubles } = await scene.store.sweep("another");
  assertEquals([freedBytes >= 50_000, troubles], [true, []]);
  assertEquals((await scene.store.list()).map(({ key }) => key), [keyOf(1)]);
});

sceneTest("sweep() removes templates of an image that is gone", async (scene) => {
  const { store, images, work } = scene;
  await build(images, work, "other");
  await make(scene);
  await make({ store, about: await aboutOf(images, "other") }, keyOf(1));
  {
    using image = await claimImage(images, "ci", { usedBy: [], force: false });
    await image.remove();
  }
  await store.sweep(BOOT);
  assertEquals((await store.list()).map(({ about }) => about.image), ["other"]);
});

sceneTest(
  "sweep() removes templates of an image that has been built anew, once its old files are gone",
  async (scene) => {
    const { store, images, work } = scene;
    await make(scene);
    await build(images, work, "ci", "newer");
    await store.sweep(BOOT);
    assertEquals((await store.list()).length, 1);
    await sweepStore(images);
    await make({ store, about: await aboutOf(images, "ci") }, keyOf(1));
    await store.sweep(BOOT);
    assertEquals((await store.list()).map(({ key }) => key), [keyOf(1)]);
  },
);

sceneTest(
  "sweep() removes all that killed berths can leave, and nothing that is held or not berth's",
  async (scene) => {
    const { store, folder } = scene;
    const [whole, bare, half, held] = [KEY, keyOf(1), keyOf(2), keyOf(3)];
    for (const key of [whole, bare]) await make(scene, key);
    // Killed before the record had its name; while it wrote a state; while it wrote a record; while it removed one.
    await Deno.remove(`${folder}/${bare}.json`);
    await Deno.writeTextFile(`${folder}/.work-${half}`, "x".repeat(30_000));
    await Deno.writeTextFile(`${folder}/.new-${half}`, "{");
    await Deno.copyFile(`${folder}/${whole}.json`, `${folder}/${keyOf(4)}.json`);
    for (const name of [`.work-${held}`, "notes.txt", "mine.state", ".work-of-mine"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "");
    }
    await using _writer = await holdLock(`${folder}/.work-${held}`, "exclusive");
    const { freedBytes, troubles } = await store.sweep(BOOT);
    assertEquals([freedBytes >= 30_000, troubles], [true, []]);
    const stay = [`.work-${held}`, ".work-of-mine", `${whole}.json`, `${whole}.state`, "mine.state", "notes.txt"];
    assertEquals(await namesIn(folder), stay.sort());
  },
);

sceneTest("sweep() keeps the record of what was thrown away as long as it counts", async (scene) => {
  const { store, folder } = scene;
  const { path } = await make(scene);
  const thrownAway = (atMs: number) =>
    editRecord(folder, (record) => ({ ...record, failures: 3, thrownAway: { why: "no hello", atMs } }));
  await thrownAway(Date.now());
  await store.sweep(BOOT);
  assertEquals([await namesIn(folder), await Deno.lstat(path).catch(() => "gone")], [[`${KEY}.json`], "gone"]);
  await thrownAway(Date.now() - 3_600_000);
  await store.sweep(BOOT);
  assertEquals(await namesIn(folder), []);
});

sceneTest("sweep() keeps its bounds, and goes by the last use", async (scene) => {
  const keys = [1, 2, 3, 4].map(keyOf);
  for (const key of keys) await make(scene, key);
  for (const [index, seconds] of [40, 10, 30, 20].entries()) await usedAt(scene.folder, keys[index], seconds);
  await new TemplateStore(scene.root, { most: 3 }).sweep(BOOT);
  assertEquals((await scene.store.list()).map(({ key }) => key), [keys[0], keys[2], keys[3]]);
  const [{ bytes }] = await scene.store.list();
  await new TemplateStore(scene.root, { bytes: 2 * bytes }).sweep(BOOT);
  assertEquals((await scene.store.list()).map(({ key }) => key), [keys[0], keys[2]]);
});

sceneTest("commit() keeps the bounds: what was not used for the longest time goes", async (scene) => {
  const store = new TemplateStore(scene.root, { most: 2 });
  const [one, two, three] = [1, 2, 3].map(keyOf);
  for (const key of [one, two]) await make({ ...scene, store }, key);
  await usedAt(scene.folder, one, 10);
  await usedAt(scene.folder, two, 20);
  await store.open(one);
  await make({ ...scene, store }, three);
  assertEquals((await store.list()).map(({ key }) => key), [one, three]);
  const bytes = (await store.list())[0].bytes;
  const tight = new TemplateStore(scene.root, { bytes });
  await make({ ...scene, store: tight }, two);
  assertEquals((await store.list()).map(({ key }) => key), [two]);
});

sceneTest("sweep() goes on after what it can't remove, and says what that was", async (scene) => {
  const { store, folder } = scene;
  await make(scene, keyOf(1));
  await make(scene, keyOf(2));
  // No image has such a name, so nobody can look whether it is there.
  await editRecord(folder, (record) => ({ ...record, about: { ...scene.about, image: "../ci" } }), keyOf(1));
  await Deno.remove(`${folder}/${keyOf(2)}.json`);
  const { troubles } = await store.sweep(BOOT);
  assertEquals([troubles.length, await namesIn(folder)], [1, [`${keyOf(1)}.json`, `${keyOf(1)}.state`]]);
  assertStringIncludes(troubles[0], 'a template that nothing needs can\'t be removed: "../ci" is not an image name');
});

sceneTest("a sweep of the images, and their list, know nothing of templates", async (scene) => {
  const { images, folder, root } = scene;
  await make(scene);
  await Deno.writeTextFile(`${folder}/.work-${keyOf(1)}`, "half");
  const before = await tree(folder);
  assertEquals(await findLeftInStore(images), []);
  const sweep = await sweepStore(images);
  assertEquals([sweep?.freedBytes, sweep?.troubles, await tree(folder)], [0, [], before]);
  assertEquals([await images.names(), (await tree(root)).includes(".templates")], [["ci"], true]);
});
