// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { createJobFolder } from "../../../lib/machine/folder.ts";
import { largestFirst, readImageUsers } from "../../../lib/machine/running.ts";
import { holdLock } from "../../support/lock_holder.ts";
import { temporaryFolder } from "../../support/temp.ts";

Deno.test("readImageUsers() finds the jobs that run, by image, from their folders' creation on", async () => {
  await using temporary = await temporaryFolder();
  const jobs = `${temporary.path}/jobs`;
  assertEquals([...await readImageUsers(jobs)], []);
  {
    await using _b = await createJobFolder(`${jobs}/b`, "ci");
    await using _a = await createJobFolder(`${jobs}/a`, "ci");
    await using _c = await createJobFolder(`${jobs}/c`, "tools");
    assertEquals([...await readImageUsers(jobs)], [["ci", ["a", "b"]], ["tools", ["c"]]]);
  }
  assertEquals([...await readImageUsers(jobs)], []);
});

Deno.test("readImageUsers() leaves out what is over, what has said nothing yet, and what it can't read", async () => {
  await using temporary = await temporaryFolder();
  const jobs = temporary.path;
  for (const [id, text] of [["dead", '{"image":"ci"}\n'], ["young", ""], ["other", "no JSON\n"], ["old", "{}\n"]]) {
    await Deno.writeTextFile(`${jobs}/${id}.owner`, text);
  }
  await using _young = await holdLock(`${jobs}/young.owner`, "exclusive");
  await using _other = await holdLock(`${jobs}/other.owner`, "exclusive");
  await using _old = await holdLock(`${jobs}/old.owner`, "exclusive");
  // Another one that looks at the same time is no owner.
  await using _reader = await holdLock(`${jobs}/dead.owner`, "shared");
  assertEquals([...await readImageUsers(jobs)], []);
});

interface Floor {
  /** Makes the folder of a job that takes so many KiB. */
  start(id: string, kib: number): Promise<void>;
  end(id: string): Promise<void>;
  grow(id: string, kib: number): Promise<void>;
  /** Whether this job lets others go first, so many milliseconds after the start of the test. */
  waits(id: string, atMs: number, isNew?: boolean): Promise<boolean>;
}

function floorTest(name: string, fn: (floor: Floor) => Promise<void>): void {
  Deno.test(`largestFirst() ${name}`, async () => {
    await using temporary = await temporaryFolder();
    await using stack = new AsyncDisposableStack();
    const jobs = `${temporary.path}/jobs`;
    const folders = new Map<string, AsyncDisposable>();
    stack.defer(async () => {
      for (const folder of folders.values()) await folder[Symbol.asyncDispose]();
    });
    const turns = new Map<string, (isNew: boolean) => Promise<boolean>>();
    let nowMs = 0;
    await fn({
      start: async (id, kib) => {
        folders.set(id, await createJobFolder(`${jobs}/${id}`, "ci"));
        turns.set(id, largestFirst(`${jobs}/${id}`, () => nowMs));
        await Deno.writeFile(`${jobs}/${id}/out`, new Uint8Array(kib * 1024));
      },
      end: async (id) => {
        await folders.get(id)![Symbol.asyncDispose]();
        folders.delete(id);
      },
      grow: (id, kib) => Deno.writeFile(`${jobs}/${id}/out`, new Uint8Array(kib * 1024)),
      waits: async (id, atMs, isNew = false) => {
        nowMs = atMs;
        return await turns.get(id)!(isNew);
      },
    });
  });
}

floorTest("has the only job and the largest go when they have looked twice", async ({ start, waits }) => {
  await start("b", 100);
  assertEquals([await waits("b", 0, true), await waits("b", 60)], [true, false]);
  await start("a", 200);
  await start("c", 50);
  const twice = async (id: string) => [await waits(id, 100, true), await waits(id, 160)];
  assertEquals([await twice("a"), await twice("b"), await twice("c")], [[true, false], [true, true], [true, true]]);
});

floorTest("chooses one of two that take the same", async ({ start, waits }) => {
  await start("a", 100);
  await start("b", 100);
  for (const id of ["a", "b"]) assertEquals(await waits(id, 0, true), true);
  assertEquals([await waits("a", 60), await waits("b", 60)], [true, false]);
});

floorTest("looks a while whether it has helped that one has gone, and then the next goes", async (floor) => {
  await floor.start("a", 300);
  await floor.start("b", 200);
  await floor.start("c", 100);
  assertEquals([await floor.waits("b", 0, true), await floor.waits("c", 0, true)], [true, true]);
  await floor.end("a");
  const waits = async (id: string) => [await floor.waits(id, 1000), await floor.waits(id, 1400)];
  assertEquals([await waits("b"), await waits("c")], [[true, false], [true, true]]);
});

floorTest("looks a while, too, when the files of a larger one have just gone", async ({ start, grow, waits }) => {
  await start("a", 300);
  await start("b", 200);
  assertEquals(await waits("b", 0, true), true);
  await grow("a", 0);
  assertEquals([await waits("b", 1000), await waits("b", 1400)], [true, false]);
});

floorTest("waits no longer than 5 s for each one that does not go", async ({ start, waits }) => {
  await start("a", 300);
  await start("b", 200);
  await start("c", 100);
  const at = async (id: string) => [await waits(id, 0, true), await waits(id, 4900), await waits(id, 5100)];
  assertEquals([await at("b"), await at("c")], [[true, true, false], [true, true, true]]);
  assertEquals(await waits("c", 10_100), false);
});

floorTest("has a job go that becomes the largest meanwhile", async ({ start, grow, waits }) => {
  await start("a", 300);
  await start("b", 200);
  assertEquals(await waits("b", 0, true), true);
  await grow("b", 400);
  assertEquals(await waits("b", 60), false);
});

floorTest("begins anew when the floor was left in between", async ({ start, end, waits }) => {
  await start("a", 300);
  await start("b", 200);
  assertEquals(await waits("b", 0, true), true);
  await end("a");
  const later = [await waits("b", 100), await waits("b", 200, true), await waits("b", 260)];
  assertEquals(later, [true, true, false]);
});

Deno.test("largestFirst() does not wait for what a dead berth has left", async () => {
  await using temporary = await temporaryFolder();
  const jobs = temporary.path;
  await using _b = await createJobFolder(`${jobs}/b`, "ci");
  await Deno.mkdir(`${jobs}/a`);
  await Deno.writeFile(`${jobs}/a/out`, new Uint8Array(100_000));
  await Deno.writeTextFile(`${jobs}/a.owner`, "{}\n");
  let nowMs = 0;
  const othersFirst = largestFirst(`${jobs}/b`, () => nowMs += 100);
  {
    // Another one that looks at the same time is no owner.
    await using _looker = await holdLock(`${jobs}/a.owner`, "shared");
    assertEquals([await othersFirst(true), await othersFirst(false)], [false, false]);
  }
  await using _other = await holdLock(`${jobs}/a.owner`, "exclusive");
  assertEquals([await othersFirst(true), await othersFirst(false)], [true, true]);
});
