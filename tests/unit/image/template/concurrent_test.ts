// @ts-types="../../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { settlesWithin } from "../../../../lib/base/deadline.ts";
import { TemplateStore } from "../../../../lib/image/template/store.ts";
import { holdLock } from "../../../support/lock_holder.ts";
import { seeded } from "../../../support/random.ts";
import { BOOT, KEY, keyOf, make, namesIn, type Scene, sceneTest, textOf } from "./scene.ts";

sceneTest("of many that begin at once one makes it, and all use it later", async ({ root, about, folder }) => {
  const stores = Array.from({ length: 8 }, () => new TemplateStore(root));
  const begun = await Promise.all(stores.map((store) => store.begin(KEY, about, 1)));
  const made = begun.flatMap(({ unfinished }) => unfinished ?? []);
  const why = begun.flatMap(({ why }) => why ?? []);
  assertEquals([made.length, why], [1, Array(7).fill("another berth makes this template")]);
  await made[0].write(new TextEncoder().encode("one for all"));
  await made[0].commit("nonce");
  const opened = await Promise.all(stores.map((store) => store.open(KEY)));
  assertEquals(await Promise.all(opened.map(({ template }) => textOf(template))), Array(8).fill("one for all"));
  assertEquals(await namesIn(folder), [`${KEY}.json`, `${KEY}.state`]);
});

sceneTest("a sweep removes nothing that is being written, whichever it is for", async ({ store, root, about }) => {
  const other = new TemplateStore(root);
  const { unfinished } = await store.begin(KEY, about, 1);
  await unfinished!.write(new TextEncoder().encode("one "));
  await other.sweep(BOOT);
  await unfinished!.write(new TextEncoder().encode("two"));
  await other.sweep("another");
  await unfinished!.commit("nonce");
  await other.sweep(BOOT);
  assertEquals(await textOf((await other.open(KEY)).template), "one two");
});

sceneTest("who opens what is just getting its name waits for that", async (scene) => {
  const { store, folder } = scene;
  const { path } = await make(scene);
  // Between the two renames of another process: the state has its name, its record does not yet.
  await Deno.rename(`${folder}/${KEY}.json`, `${folder}/.new-${KEY}`);
  await using writer = await holdLock(`${folder}/.lock`, "exclusive");
  const opened = store.open(KEY);
  assertEquals(await settlesWithin(opened, 50), false);
  await Deno.rename(`${folder}/.new-${KEY}`, `${folder}/${KEY}.json`);
  await writer.kill();
  assertEquals([(await opened).template?.path, (await opened).why], [path, undefined]);
});

sceneTest("open() of what is as it was waits for nobody", async (scene) => {
  await make(scene);
  await using _changer = await holdLock(`${scene.folder}/.lock`, "exclusive");
  assertEquals(await textOf((await scene.store.open(KEY)).template), "state of a guest");
  assertEquals(await scene.store.open(keyOf(1)), {});
});

const KEYS = [1, 2, 3].map(keyOf);

/** One step of a berth among others. Whatever is opened is whole, or gone by now. */
async function step({ about }: Scene, store: TemplateStore, random: (bound: number) => number): Promise<void> {
  const key = KEYS[random(KEYS.length)];
  const kind = random(6);
  if (kind <= 1) {
    const { template, why } = await store.open(key);
    if (why !== undefined) assertEquals(why, "3 clones of the template failed lately: no hello");
    const text = await textOf(template).catch(() => undefined);
    if (text !== undefined) assertEquals(text, `state of ${key}`);
  } else if (kind <= 3) {
    await using unfinished = (await store.begin(key, about, 1)).unfinished;
    for (const part of ["state ", "of ", key]) await unfinished?.write(new TextEncoder().encode(part));
    if (random(5) > 0) await unfinished?.commit("nonce");
  } else if (kind === 4) assertEquals((await store.sweep(random(2) ? BOOT : "another")).troubles, []);
  else await store.blame(key, "no hello");
}

sceneTest("berths that open, make, blame and sweep at once break nothing of each other's", async (scene) => {
  const berths = Array.from({ length: 6 }, async (_, number) => {
    const [store, random] = [new TemplateStore(scene.root, { most: 2 }), seeded(number + 1)];
    for (let count = 0; count < 40; count++) await step(scene, store, random);
  });
  await Promise.all(berths);
  await scene.store.sweep("another");
  assertEquals(await namesIn(scene.folder), []);
  assert((await make(scene)).bytes > 0);
});
