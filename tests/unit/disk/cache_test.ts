// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { CacheStore, type OpenCache } from "../../../lib/disk/cache.ts";
import { checkCacheName } from "../../../lib/disk/names.ts";
import { isExt4 } from "../../../lib/disk/disk.ts";
import { programsMissing, testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";

const SIZE = 4 * 1024 ** 2;
const NEVER = new AbortController().signal;

/** Caches in a folder of their own, and jobs that open them. */
class Scene {
  readonly notes: string[] = [];
  readonly store: CacheStore;
  #jobs = 0;

  constructor(readonly folder: string) {
    this.store = new CacheStore(`${folder}/caches`);
  }

  async open(name = "npm", tenant?: string, sizeBytes = SIZE): Promise<OpenCache & { path: string }> {
    const path = `${this.folder}/job${this.#jobs++}.ext4`;
    const onNote = (text: string) => void this.notes.push(text);
    const io = { signal: NEVER, onNote, onProgress: onNote };
    const cache = await this.store.open({ name, tenant }, { path, sizeBytes }, io);
    return Object.assign(cache, { path });
  }

  /** A job that leaves these bytes at the end of its copy. */
  async leave(words: string, tenant?: string): Promise<void> {
    using cache = await this.open("npm", tenant);
    await writeWords(cache.path, words);
    await cache.save(NEVER);
  }
}

async function writeWords(path: string, words: string): Promise<void> {
  using file = await Deno.open(path, { write: true });
  await file.seek(SIZE - 512, Deno.SeekMode.Start);
  await file.write(new TextEncoder().encode(words));
}

async function readWords(path: string): Promise<string> {
  const bytes = (await Deno.readFile(path)).subarray(SIZE - 512);
  return new TextDecoder().decode(bytes).replace(/\0+$/, "");
}

const missing = await programsMissing("mke2fs", "cp");
function test(name: string, fn: (scene: Scene) => Promise<void>): void {
  testNeeding(missing, name, async () => {
    await using folder = await temporaryFolder();
    await fn(new Scene(folder.path));
  });
}

test("CacheStore.open() gives the first job an empty ext4 file system of the size that is asked for", async (scene) => {
  using cache = await scene.open();
  const { size, mode } = await Deno.stat(cache.path);
  assertEquals([cache.isFresh, cache.isWriter, size, mode! & 0o777], [true, true, SIZE, 0o600]);
  assertEquals([await isExt4(cache.path), scene.notes], [true, []]);
});

test("CacheStore.open() gives the next job what the last one has saved", async (scene) => {
  await scene.leave("of the first");
  using cache = await scene.open();
  assertEquals([cache.isFresh, await readWords(cache.path)], [false, "of the first"]);
  assertEquals((await Deno.stat(cache.path)).mode! & 0o777, 0o600);
});

test("CacheStore: what a job does not save is nobody's", async (scene) => {
  await scene.leave("kept");
  {
    using cache = await scene.open();
    await writeWords(cache.path, "lost");
  }
  using cache = await scene.open();
  assertEquals(await readWords(cache.path), "kept");
});

test("CacheStore.open() lets one job write; others get a copy, and are told", async (scene) => {
  await scene.leave("kept");
  using first = await scene.open();
  using second = await scene.open();
  assertEquals([first.isWriter, second.isWriter, await readWords(second.path)], [true, false, "kept"]);
  assertEquals(scene.notes, ["cache npm: another job writes to it; this one gets a copy, which is not kept"]);
  first[Symbol.dispose]();
  using third = await scene.open();
  assertEquals(third.isWriter, true);
});

test("CacheStore.open() begins anew when another size is asked for, and says so", async (scene) => {
  await scene.leave("small");
  using cache = await scene.open("npm", undefined, 2 * SIZE);
  assertEquals([cache.isFresh, (await Deno.stat(cache.path)).size], [true, 2 * SIZE]);
  assertEquals(scene.notes.length, 1);
});

test("CacheStore keeps tenants apart", async (scene) => {
  await scene.leave("of acme", "acme");
  using own = await scene.open("npm", "acme");
  using other = await scene.open("npm", "other");
  using nobody = await scene.open("npm");
  assertEquals([own.isFresh, other.isFresh, nobody.isFresh], [false, true, true]);
});

test("OpenCache.save() refuses a file that was put in the place of the disk", async (scene) => {
  await scene.leave("kept");
  for (const replace of [(path: string) => Deno.writeTextFile(path, "another"), growing]) {
    using cache = await scene.open();
    if (replace !== growing) await Deno.remove(cache.path);
    await replace(cache.path);
    const error = await assertRejects(() => cache.save(NEVER), BerthError, "has replaced the file");
    assertEquals(error.code, "cache.replaced");
  }
  using cache = await scene.open();
  assertEquals(await readWords(cache.path), "kept");
});

async function growing(path: string): Promise<void> {
  await Deno.truncate(path, 2 * SIZE);
}

test("a cache that somebody just looks at is not taken for one that a job writes to", async (scene) => {
  await scene.leave("kept");
  const lock = await Deno.open(`${scene.folder}/caches/cache-npm/lock`, { write: true });
  await lock.lock(true);
  const opening = scene.open();
  await new Promise((resolve) => setTimeout(resolve, 30));
  lock.close();
  using cache = await opening;
  assertEquals([cache.isWriter, scene.notes], [true, []]);
});

test("OpenCache.save() keeps nothing when it is told to stop", async (scene) => {
  await scene.leave("kept");
  {
    using cache = await scene.open();
    await writeWords(cache.path, "late");
    await assertRejects(() => cache.save(AbortSignal.abort(new RangeError("enough"))), RangeError, "enough");
  }
  using cache = await scene.open();
  assertEquals(await readWords(cache.path), "kept");
});

test("CacheStore.list() tells what each cache takes and whether a job writes to it", async (scene) => {
  assertEquals(await scene.store.list(), []);
  await scene.leave("x");
  await scene.leave("x", "acme");
  using _job = await scene.open();
  // Opened, and never saved: no cache.
  using _empty = await scene.open("empty");
  const seen = (await scene.store.list()).map(({ name, tenant, capBytes, inUse }) => [name, tenant, capBytes, inUse]);
  assertEquals(seen, [["npm", undefined, SIZE, true], ["npm", "acme", SIZE, false]]);
});

test("CacheStore.remove() removes a cache, unless a job writes to it", async (scene) => {
  await scene.leave("x");
  {
    using _job = await scene.open();
    const error = await assertRejects(
      () => scene.store.remove({ name: "npm" }),
      BerthError,
      "a job writes to the cache npm",
    );
    assertEquals(error.code, "cache.busy");
  }
  assertEquals(await scene.store.remove({ name: "npm" }) > 0, true);
  assertEquals(await scene.store.list(), []);
  const error = await assertRejects(() => scene.store.remove({ name: "npm" }), BerthError, "there is no cache npm");
  assertEquals(error.code, "cache.unknown");
});

for (const name of ["", ".", "..", ".x", "a/b", "a b", "x".repeat(65), "ä"]) {
  Deno.test(`checkCacheName() refuses "${name}"`, () => {
    assertThrows(() => checkCacheName(name, "--cache"), BerthError, "is not a name");
  });
}
