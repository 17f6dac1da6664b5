// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { findLeftInStore, sweepBeforeBuild, sweepStore } from "../../../lib/image/sweep.ts";
import { settlesWithin } from "../../../lib/base/deadline.ts";
import { runTool } from "../../../lib/process/tool.ts";
import { build, storeTest, tree } from "../../support/images.ts";
import { holdLock } from "../../support/lock_holder.ts";

storeTest("sweepStore() removes what no image names, and counts it", async (store, root, work) => {
  await build(store, work, "ci", "old");
  await build(store, work, "ci", "new");
  assertEquals(await sweepStore(store).then((sweep) => sweep?.freedBytes), "kernel of oldinitrd of old".length);
  assertEquals((await tree(`${root}/.store`)).length, 2);
  assertEquals(await Deno.readTextFile((await store.load("ci")).spec.initrd), "initrd of new");
  assertEquals((await sweepStore(store))?.freedBytes, 0);
});

storeTest("findLeftInStore() tells what a sweep would remove, and removes nothing", async (store, root, work) => {
  assertEquals(await findLeftInStore(store), []);
  await build(store, work, "ci", "old");
  const { initrd } = (await store.load("ci")).spec;
  await build(store, work, "ci", "new");
  await Deno.mkdir(`${root}/.work-dead00000000`);
  await Deno.mkdir(`${root}/.work-of-mine`);
  await using job = await holdLock(initrd, "shared");
  const held = await findLeftInStore(store);
  await job.kill();
  const before = await tree(root);
  const left = await findLeftInStore(store);
  assertEquals([held.length, left.length, left[0]], [2, 3, `${root}/.work-dead00000000`]);
  assertEquals([left.includes(initrd), held.includes(initrd), await tree(root)], [true, false, before]);
  await using _builder = await holdLock(`${root}/.lock`, "shared");
  assertEquals(await findLeftInStore(store), []);
});

storeTest("sweepStore() keeps what a spec names that this version can't read", async (store, root, work) => {
  await build(store, work, "ci");
  const { kernel } = (await store.load("ci")).spec;
  await Deno.writeTextFile(`${root}/ci/spec.json`, `{"kernels": ["${kernel}"]}`);
  await sweepStore(store);
  assertEquals((await tree(`${root}/.store`)).map((path) => path.split(".")[1]), ["kernel"]);
});

storeTest("sweepStore() gives up while another process builds, and waits for nobody", async (store, root, work) => {
  await store.put(await file(work, "waits for its name"), "kernel");
  await Deno.writeTextFile(`${root}/.lock`, "");
  await using builder = await holdLock(`${root}/.lock`, "shared");
  assertEquals(await sweepStore(store), undefined);
  assertEquals((await tree(`${root}/.store`)).length, 1);
  await builder.kill();
  assertEquals((await sweepStore(store))?.freedBytes, "waits for its name".length);
});

storeTest("sweeps at the same time take each other for no build: each has its turn", async (store, root, work) => {
  await store.put(await file(work, "of no image"), "kernel");
  const sweeps = await Promise.all(Array.from({ length: 8 }, () => sweepStore(store)));
  assertEquals(sweeps.map((sweep) => sweep?.freedBytes).toSorted(), [0, 0, 0, 0, 0, 0, 0, "of no image".length]);
  await using other = await holdLock(`${root}/.sweep`, "exclusive");
  const sweep = sweepStore(store);
  assertEquals(await settlesWithin(sweep, 50), false);
  await other.kill();
  assertEquals((await sweep)?.freedBytes, 0);
});

storeTest("a build holds the store against sweeps, also while it waits for another one", async (store) => {
  const first = await store.lock("ci", () => {});
  const second = store.lock("ci", () => {});
  assertEquals([await settlesWithin(second, 20), await sweepStore(store)], [false, undefined]);
  first[Symbol.dispose]();
  const held = await second;
  assertEquals(await sweepStore(store), undefined);
  held[Symbol.dispose]();
  assertEquals((await sweepStore(store))?.freedBytes, 0);
});

storeTest("a build that starts during a sweep waits for its end", async (store, root) => {
  await Deno.mkdir(root);
  await Deno.writeTextFile(`${root}/.lock`, "");
  await using sweeper = await holdLock(`${root}/.lock`, "exclusive");
  const lock = store.lock("ci", () => {});
  assertEquals(await settlesWithin(lock, 50), false);
  await sweeper.kill();
  (await lock)[Symbol.dispose]();
});

storeTest("sweepStore() removes all that a killed build can leave", async (store, root, work) => {
  await build(store, work, "ci");
  const before = await tree(root);
  // Killed while it made its files, when they were in the store, and while it named them, anew or for the first time.
  await Deno.mkdir(`${root}/.work-0123456789ab/root/usr`, { recursive: true });
  await Deno.writeTextFile(`${root}/.work-0123456789ab/root/usr/x`, "four");
  await store.put(await file(work, "sixsix"), "kernel");
  for (const name of ["spec.json.new", "origin.json.new"]) await Deno.writeTextFile(`${root}/ci/${name}`, "");
  await Deno.mkdir(`${root}/young`);
  for (const name of ["origin.json", "spec.json.new"]) await Deno.writeTextFile(`${root}/young/${name}`, "");
  for (const name of [".lock-young", ".used-young", ".lock-ci"]) await Deno.writeTextFile(`${root}/${name}`, "");
  assertEquals(await store.names(), ["ci"]);
  const sweep = await sweepStore(store);
  assertEquals([sweep!.freedBytes > "sixsix".length, sweep?.heldFiles, sweep?.troubles], [true, 0, []]);
  assertEquals(await tree(root), [".lock", ".lock-ci", ".sweep", ...before].sort());
});

storeTest("sweepStore() counts and removes a build's folder that is deeper than any path", async (store, root) => {
  const work = `${root}/.work-0123456789ab`;
  await Deno.mkdir(work, { recursive: true });
  const deep = 'cd "$1" && perl -e "for (1 .. 3000) { mkdir(q(d)) && chdir(q(d)) or die }"';
  await runTool({ command: "sh", args: ["-c", deep, "sh", work] });
  const sweep = await sweepStore(store);
  assertEquals([sweep!.freedBytes > 0, sweep?.troubles, (await tree(root)).includes(".work-0123456789ab")], [
    true,
    [],
    false,
  ]);
});

storeTest("sweepBeforeBuild() waits for no other build, and says only what it has done", async (store, root) => {
  const words: string[] = [];
  await sweepBeforeBuild(store, (line) => words.push(line));
  await Deno.mkdir(`${root}/.work-0123456789ab`);
  await Deno.writeTextFile(`${root}/.work-0123456789ab/f`, "1234");
  {
    using _build = await store.lock("ci", () => {});
    await sweepBeforeBuild(store, (line) => words.push(line));
    assertEquals([words, (await tree(root)).includes(".work-0123456789ab/f")], [[], true]);
  }
  await sweepBeforeBuild(store, (line) => words.push(line));
  // What it takes of the disk, the folder too: file systems differ.
  assertEquals([words.length, (await tree(root)).includes(".work-0123456789ab")], [1, false]);
  assertMatch(words[0], /^freed [\d.]+ (B|KiB) that nothing needed any more$/);
});

storeTest("sweepStore() leaves what somebody else has made, also before there is a spec in it", async (store, root) => {
  const mine = ["own", ".work-mine", "young", "forgotten"];
  for (const name of mine) await Deno.mkdir(`${root}/${name}`, { recursive: true });
  await Deno.writeTextFile(`${root}/own/vmlinuz`, "k");
  await Deno.utime(`${root}/forgotten`, 0, (Date.now() - 61_000) / 1000);
  await Deno.utime(`${root}/young`, 0, (Date.now() - 50_000) / 1000);
  await sweepStore(store);
  assertEquals(await tree(root), [".lock", ".sweep", ".work-mine", "own", "own/vmlinuz", "young"]);
});

storeTest("sweepStore() goes on after what it can't remove, and says what that was", async (store, root, work) => {
  await build(store, work, "ci");
  await store.put(await file(work, "sixsix"), "kernel");
  // Neither is what it should be, and so can't be removed.
  const wrong = [`${root}/.store/stray`, `${root}/.lock-none`];
  for (const path of wrong) await Deno.mkdir(`${path}/full`, { recursive: true });
  await Deno.mkdir(`${root}/.work-0123456789ab`);
  const sweep = await sweepStore(store);
  const [stray, lock, ...others] = sweep!.troubles;
  assertEquals([sweep!.freedBytes > 6, others, (await tree(root)).includes(".work-0123456789ab")], [true, [], false]);
  assertStringIncludes(stray, "a file that nothing needs can't be removed: Directory not empty");
  assertStringIncludes(lock, "what a killed build has left can't be removed: Directory not empty");
});

storeTest("sweepStore() removes no file while a spec can't be read, and the rest", async (store, root, work) => {
  await store.put(await file(work, "sixsix"), "kernel");
  const listen =
    "exec perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die' \"$1\"";
  await runTool({ command: "sh", args: ["-c", listen, "sh", `${root}/ci.json`] });
  await Deno.mkdir(`${root}/.work-0123456789ab`);
  const sweep = await sweepStore(store);
  assertEquals(sweep?.troubles.length, 1);
  assertStringIncludes(sweep!.troubles[0], "no file of the store is removed, as not all images can be looked at: ");
  assertEquals([(await tree(`${root}/.store`)).length, (await tree(root)).includes(".work-0123456789ab")], [1, false]);
});

async function file(work: string, text: string): Promise<string> {
  await Deno.writeTextFile(`${work}/f`, text);
  return `${work}/f`;
}
