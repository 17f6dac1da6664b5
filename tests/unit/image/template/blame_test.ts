// @ts-types="../../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { editRecord, KEY, make, namesIn, type Scene, sceneTest, textOf } from "./scene.ts";

const HOUR = 3_600_000;

/** Three clones of it fail. @returns what blame() said each time. */
async function blameThrice({ store }: Scene): Promise<boolean[]> {
  return [await store.blame(KEY, "no hello"), await store.blame(KEY, "no hello"), await store.blame(KEY, "refused")];
}

/** As if it had been thrown away at that time. */
async function thrownAwayAt(folder: string, atMs: number): Promise<void> {
  await editRecord(folder, (record) => ({ ...record, failures: 3, thrownAway: { why: "refused", atMs } }));
}

sceneTest("blame() throws a template away at the third time, and keeps it from being made again", async (scene) => {
  const { store, about, folder } = scene;
  await make(scene);
  assertEquals(await store.blame(KEY, "no hello"), false);
  assertEquals([(await store.list())[0].failures, await textOf((await store.open(KEY)).template)], [
    1,
    "state of a guest",
  ]);
  assertEquals([await store.blame(KEY, "no hello"), await store.blame(KEY, "refused")], [false, true]);
  assertEquals([await namesIn(folder), await store.list()], [[`${KEY}.json`], []]);
  const why = "3 clones of the template failed lately: refused";
  assertEquals([await store.begin(KEY, about, 1), await store.open(KEY)], [{ why }, { why }]);
  // Of a template that is no more, no clone can fail.
  assertEquals([await store.blame(KEY, "late"), await namesIn(folder)], [false, [`${KEY}.json`]]);
});

sceneTest("a template that was thrown away is made again after an hour, and begins without failures", async (scene) => {
  const { store, about, folder } = scene;
  await make(scene);
  await blameThrice(scene);
  await thrownAwayAt(folder, Date.now() - HOUR + 60_000);
  assertEquals((await store.begin(KEY, about, 1)).unfinished, undefined);
  await thrownAwayAt(folder, Date.now() - HOUR);
  assertEquals(await textOf(await make(scene, KEY, "better")), "better");
  assertEquals([(await store.list())[0].failures, await store.blame(KEY, "no hello")], [0, false]);
});

sceneTest("a clock that was set back holds no template back", async (scene) => {
  await make(scene);
  await blameThrice(scene);
  await thrownAwayAt(scene.folder, Date.now() + 24 * HOUR);
  assertEquals(await textOf(await make(scene, KEY, "better")), "better");
});

sceneTest("a state that a killed blame() has left is used by nobody, and gone with the next look", async (scene) => {
  const { store, folder } = scene;
  const { path } = await make(scene);
  await thrownAwayAt(folder, Date.now());
  assertEquals(await store.open(KEY), { why: "3 clones of the template failed lately: refused" });
  assertEquals([await namesIn(folder), await Deno.lstat(path).catch(() => "gone")], [[`${KEY}.json`], "gone"]);
});

sceneTest("blame() of what is not there, or is damaged, throws nothing away", async (scene) => {
  const { folder } = scene;
  assertEquals(await blameThrice(scene), [false, false, false]);
  await make(scene);
  await Deno.chmod(`${folder}/${KEY}.state`, 0o600);
  assertEquals(await blameThrice(scene), [false, false, false]);
});

sceneTest("blames at the same time are all counted, and one of them throws it away", async (scene) => {
  await make(scene);
  const said = await Promise.all(Array.from({ length: 6 }, () => scene.store.blame(KEY, "no hello")));
  assertEquals([said.filter((is) => is).length, await namesIn(scene.folder)], [1, [`${KEY}.json`]]);
});

sceneTest("words of a failure, however many, leave the record one that can be read", async (scene) => {
  await make(scene);
  for (let count = 0; count < 3; count++) await scene.store.blame(KEY, "x".repeat(1_000_000));
  assertEquals((await scene.store.open(KEY)).why, `3 clones of the template failed lately: ${"x".repeat(500)}`);
});
