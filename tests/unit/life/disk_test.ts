/**
 * Lives of jobs in this process that have disks, or no room for them.
 *
 * @module
 */

// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "@std/fs";
import type { JobPlan } from "../../../lib/job/plan.ts";
import { checkLife, type Life, live, type Lived, openDoor, type Scene } from "../../support/life.ts";
import { programsMissing, testNeeding } from "../../support/require.ts";
import type { Play } from "../../support/vmm/fake_guest.ts";

const MIB = 1024 ** 2;
const OK: Play = { prints: "a line\n", ends: "exited code 0 0" };
const CACHE = { caches: [{ name: "npm", mountPoint: "/c", sizeBytes: 8 * MIB }], drain: undefined };
/** Less than {@linkcode grow} takes. */
const TIGHT = { diskBytes: 8 * MIB };
const noDisks = await programsMissing("mke2fs", "cp");

async function liveOnce(life: Life): Promise<Lived> {
  await using door = await openDoor();
  return await live(life, door);
}

/** What it came to: verdict, code, and what went wrong beside. */
function endOf({ result: { verdict, troubles } }: Lived): unknown[] {
  return [verdict.verdict, verdict.code, troubles];
}

function grow({ folder }: Scene): void {
  Deno.writeFileSync(`${folder}/serial.log`, new Uint8Array(16 * MIB).fill(1), { append: true, create: false });
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!await isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** A cache that nobody ever finishes copying: a pipe. */
const ENDLESS = {
  before: ({ caches }: Scene) => {
    const args = ["-c", 'mkdir -p "$1" && mkfifo "$1/disk.ext4"', "sh", `${caches}/cache-npm`];
    new Deno.Command("sh", { args }).outputSync();
  },
  plan: (plan: JobPlan): JobPlan => ({
    ...plan,
    disks: plan.disks.map((disk) => ({ ...disk, source: { kind: "cache", name: "npm", sizeBytes: 0 } })),
  }),
};

testNeeding(noDisks, "runJob() makes no disk any more when there is no room for it, or nobody wants it", async () => {
  const life = { play: OK, spec: { ...CACHE, ...TIGHT }, ...ENDLESS, at: "folder" } as const;
  const isWatched = (folder: string) => until(() => exists(`${folder}/serial.log`));
  const full = await liveOnce({ ...life, fault: (scene) => isWatched(scene.folder).then(() => grow(scene)) });
  assertEquals(endOf(full), ["infra", "job.disk", []]);
  const cancelled = await liveOnce({
    ...life,
    fault: ({ folder, stop }) => isWatched(folder).then(() => stop.stop("SIGTERM")),
  });
  assertEquals(endOf(cancelled), ["cancelled", undefined, []]);
  for (const lived of [full, cancelled]) checkLife(lived, "a disk that is not made");
});

Deno.test("runJob() blames the disk for a guest that does not come up on a full one", async () => {
  const lived = await liveOnce({
    play: OK,
    spec: TIGHT,
    at: "launched",
    fault: (scene) => {
      grow(scene);
      scene.vmm.vm?.end({ code: 134, words: "assertion failed" });
    },
  });
  assertEquals(endOf(lived), ["infra", "job.disk", []]);
  checkLife(lived, "a full disk under a boot");
});

Deno.test("runJob() begins no job on a disk that is full by then, whatever the guest would say", async () => {
  // The machine's own look may come a second later.
  const full = await liveOnce({ play: OK, spec: TIGHT, at: "exec", fault: grow });
  assertEquals([endOf(full), full.result.started], [["failed", "job.disk", []], false]);
  checkLife(full, "a full disk at exec");
});

Deno.test("runJob() makes no success of a job that ends on a full disk, where its last words may be missing", async () => {
  const lived = await liveOnce({
    play: OK,
    spec: { ...TIGHT, artifacts: [], drain: undefined },
    at: "ended",
    fault: grow,
  });
  assertEquals(endOf(lived), ["failed", "job.disk", []]);
  checkLife(lived, "a full disk at the end");
});

Deno.test("runJob() waits for no artifacts on a full disk, though nothing ends its VM", async () => {
  const lived = await liveOnce({
    play: OK,
    spec: { ...TIGHT, drain: undefined },
    at: "collect",
    fault: (scene) => {
      scene.vmm.vm?.stick();
      scene.vmm.vm?.freeze();
      grow(scene);
    },
  });
  assertEquals(endOf(lived), ["failed", "job.disk", ["ending the VM: the kernel does not end it"]]);
});

testNeeding(noDisks, "runJob() keeps a cache that was written when the disk gets full after that", async () => {
  const lived = await liveOnce({ play: OK, spec: { ...CACHE, ...TIGHT }, at: "poweroff", fault: grow });
  assertEquals([endOf(lived), lived.kept], [["succeeded", undefined, []], ["cache-npm"]]);
  checkLife(lived, "a disk that gets full late");
});

testNeeding(noDisks, "runJob() says that a cache is not kept whose file is another one", async () => {
  const lived = await liveOnce({
    play: OK,
    spec: CACHE,
    at: "gone",
    fault: ({ folder }) => {
      Deno.removeSync(`${folder}/cache0.ext4`);
      Deno.writeTextFileSync(`${folder}/cache0.ext4`, "something else");
    },
  });
  const why = "the cache npm is not kept: the VMM has replaced the file of its disk";
  assertEquals([endOf(lived), lived.kept], [["succeeded", undefined, [why]], []]);
});

testNeeding(noDisks, "runJob() keeps no cache of a job that is cancelled while it is written", async () => {
  const lived = await liveOnce({
    play: { ...OK, flushesOn: true },
    spec: { ...CACHE, cancelTimeoutMs: 2000 },
    at: "collect",
    fault: ({ vmm, stop }) => until(() => vmm.vm!.heard.includes("flush")).then(() => stop.stop("SIGTERM")),
  });
  const [verdict, , [trouble]] = endOf(lived) as [string, unknown, string[]];
  assertEquals([verdict, lived.kept], ["succeeded", []]);
  assertStringIncludes(trouble, "the job's caches are not kept: ");
  assertEquals(trouble.includes("2 s are over"), false, trouble);
});

testNeeding(noDisks, "runJob() keeps no cache of a VM that nobody can end: it may still write to it", async () => {
  const lived = await liveOnce({
    play: OK,
    spec: CACHE,
    at: "poweroff",
    fault: ({ vmm }) => vmm.vm!.stick(),
  });
  const [verdict, , troubles] = endOf(lived);
  assertEquals([verdict, lived.kept], ["succeeded", []]);
  assertStringIncludes(JSON.stringify(troubles), "the job's caches are not kept: the VM may still write to them");
});

testNeeding(noDisks, "runJob() gives the room of its disks back while a reader still takes its time", async () => {
  const seen: string[] = [];
  const lived = await liveOnce({
    play: { prints: "a line\n" },
    spec: { ...TIGHT, ...CACHE, cancelTimeoutMs: 50 },
    before: ({ holdOutput }) => holdOutput(),
    at: "started",
    fault: async (scene) => {
      const disks = Array.from(Deno.readDirSync(scene.folder), ({ name }) => name).filter((name) => /ext4$/.test(name));
      seen.push(`${disks.length} disks`);
      grow(scene);
      await until(async () => !await exists(`${scene.folder}/${disks[0]}`));
      seen.push(await exists(`${scene.folder}/out`) ? "before the output" : "with the output");
      scene.stop.stop("SIGTERM");
    },
  });
  assertEquals([lived.result.verdict.code, seen], ["job.disk", ["1 disks", "before the output"]]);
  checkLife(lived, "a reader that takes its time");
});
