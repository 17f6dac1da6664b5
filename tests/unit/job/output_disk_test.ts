// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { within } from "../../../lib/base/deadline.ts";
import { OutputFollower } from "../../../lib/job/output/follower.ts";
import type { Release, Sink } from "../../../lib/job/output/source.ts";
import { holePuncher } from "../../../lib/files/punch.ts";
import { broken, MIB, outputTest, pattern, shortened } from "../../support/output_scene.ts";

/** A sink that takes so many bytes of all, and then fails as a full disk does. */
function fillsAfter(limitBytes: number): Sink {
  let left = limitBytes;
  return (bytes, onWritten) => {
    const count = Math.min(left, bytes.length);
    left -= count;
    onWritten?.(count);
    if (count === bytes.length) return Promise.resolve();
    return Promise.reject(Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" }));
  };
}

outputTest(
  "account() counts what a sink took before it failed, and has the reason",
  async ({ folder, open, append }) => {
    const told = Promise.withResolvers<unknown>();
    const sources = [[await open("out"), fillsAfter(7)]] as const;
    await using follower = new OutputFollower(folder, sources, told.resolve);
    await append("out", pattern(10));
    const error = await within(told.promise, 5000, "the full sink");
    await append("out", pattern(5));
    await follower.finish();
    assertEquals([follower.account(), (error as { code: string }).code], [[
      { bytes: 7, missingBytes: 8, error: "ENOSPC: No space left on device" },
    ], "ENOSPC"]);
  },
);

outputTest("a file whose sink has failed does not go on to fill the disk", async ({ folder, open, append }) => {
  const told = Promise.withResolvers<unknown>();
  const file = await open("out");
  await using follower = new OutputFollower(folder, [[file, fillsAfter(7)]], told.resolve);
  await append("out", pattern(10));
  await within(told.promise, 5000, "the full sink");
  await append("out", new Uint8Array(70 * MIB));
  await within(shortened(file, 7), 5000, "the shortening");
  await follower.finish();
  const [{ bytes, missingBytes, error, atLeast }] = follower.account();
  assertEquals([bytes, error, atLeast], [7, "ENOSPC: No space left on device", true]);
  assert(missingBytes > 60 * MIB, String(missingBytes));
});

/** The n-th MiB of a long output. */
const part = (index: number) => new Uint8Array(MIB).fill(1 + index % 250);

for (const [can, punched] of [["gives back", 2], ["holds, where nothing can be given back,", 1]] as const) {
  outputTest(`OutputFollower ${can} what was delivered, and delivers each byte once`, async (scene) => {
    const holes: (readonly [number, number])[] = [];
    const file = await scene.open("out");
    const punch = holePuncher(file, `${scene.folder}/out`);
    const release: Release = async (hole) => {
      holes.push([hole.offsetBytes / MIB, hole.lengthBytes / MIB]);
      return punched === 2 && await punch(hole);
    };
    let length = 0;
    let isSound = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    const sink: Sink = (bytes) => {
      isSound &&= bytes.every((byte, index) => byte === 1 + Math.floor((length + index) / MIB) % 250);
      length += bytes.length;
      if (length >= 140 * MIB) resolve();
      return Promise.resolve();
    };
    const options = { holdsAll: true };
    await using follower = new OutputFollower(scene.folder, [[file, sink, release]], broken, options);
    for (let index = 0; index < 140; index++) await scene.append("out", part(index));
    await within(promise, 20_000, "140 MiB");
    // The size goes on from where it was.
    await scene.append("out", part(140));
    await follower.finish();
    assertEquals([length, isSound], [141 * MIB, true]);
    assertEquals(follower.account(), [{ bytes: 141 * MIB, missingBytes: 0 }]);
    assertEquals(holes, ([[0, 64], [64, 64]] as const).slice(0, punched));
    const { size, blocks } = await file.stat();
    assertEquals([size, blocks! * 512 < 20 * MIB], [141 * MIB, punched === 2]);
  });
}

outputTest("finish() finds a hollow end behind what was given back, too", async ({ folder, open, append }) => {
  const file = await open("out");
  const { promise, resolve } = Promise.withResolvers<void>();
  let length = 0;
  const sink: Sink = (bytes) => {
    length += bytes.length;
    if (length >= 70 * MIB) resolve();
    return Promise.resolve();
  };
  const sources = [[file, sink, holePuncher(file, `${folder}/out`)]] as const;
  await using follower = new OutputFollower(folder, sources, broken, { holdsAll: true });
  for (let index = 0; index < 70; index++) await append("out", part(index));
  await within(promise, 20_000, "70 MiB");
  await Deno.truncate(`${folder}/out`, 2 ** 40);
  await follower.finish();
  const [{ bytes, hollow }] = follower.account();
  assertEquals([hollow, bytes >= 70 * MIB && bytes < 2 ** 39], [true, true], `${bytes} bytes`);
});
