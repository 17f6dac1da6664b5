// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { holdsAllBytes } from "../../../lib/disk/watch.ts";
import { OutputFollower } from "../../../lib/job/output/follower.ts";
import type { Delivery } from "../../../lib/job/output/source.ts";
import { temporaryFolder } from "../../support/temp.ts";

const MIB = 1024 ** 2;
const WORDS = new TextEncoder().encode("what the job has said\n");

/** What is delivered of a file that has the words, and then nothing up to its size, when its VMM is gone. */
async function deliverHollow(sizeBytes: number, holdsAll: boolean): Promise<{ first: Uint8Array; account: Delivery }> {
  await using temporary = await temporaryFolder();
  const first: number[] = [];
  const sink = (bytes: Uint8Array) => Promise.resolve(void first.push(...bytes.subarray(0, WORDS.length)));
  using file = await Deno.open(`${temporary.path}/out`, { read: true, write: true, create: true });
  await Deno.writeFile(`${temporary.path}/out`, WORDS, { append: true });
  await Deno.truncate(`${temporary.path}/out`, sizeBytes);
  const broken = () => {
    throw new Error("no sink is broken");
  };
  await using follower = new OutputFollower(temporary.path, [[file, sink]], broken, { holdsAll });
  await follower.finish();
  const [account] = follower.account();
  return { first: new Uint8Array(first.slice(0, WORDS.length)), account };
}

Deno.test("finish() delivers of a hollow file what the disk holds, and says so", async () => {
  const sizeBytes = 2 ** 40;
  const { first, account } = await deliverHollow(sizeBytes, true);
  assertEquals(first, WORDS);
  // The constructor reads one piece before anybody has said that this is the end.
  assert(account.bytes >= WORDS.length && account.bytes <= MIB, `${account.bytes} bytes`);
  assertEquals(account, { bytes: account.bytes, missingBytes: sizeBytes - account.bytes, hollow: true });
});

Deno.test("finish() delivers a file whole that is a little longer than what its disk holds", async () => {
  const { first, account } = await deliverHollow(MIB, true);
  assertEquals([first, account], [WORDS, { bytes: MIB, missingBytes: 0 }]);
});

Deno.test("finish() delivers a file whole where a disk may hold less than was written", async () => {
  const { first, account } = await deliverHollow(65 * MIB, false);
  assertEquals([first, account], [WORDS, { bytes: 65 * MIB, missingBytes: 0 }]);
});

Deno.test("finish() delivers a long file whole that is all written", async () => {
  await using temporary = await temporaryFolder();
  const path = `${temporary.path}/out`;
  // The disk may still be about to find room for it.
  for (let part = 0; part < 80; part++) await Deno.writeFile(path, new Uint8Array(MIB), { append: true });
  using file = await Deno.open(path, { read: true, write: true });
  const sources = [[file, () => Promise.resolve()]] as const;
  const options = { holdsAll: await holdsAllBytes(temporary.path) };
  await using follower = new OutputFollower(temporary.path, sources, () => {}, options);
  await follower.finish();
  assertEquals(follower.account(), [{ bytes: 80 * MIB, missingBytes: 0 }]);
});
