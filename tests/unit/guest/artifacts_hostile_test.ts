// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { unpackArtifacts } from "../../../lib/guest/artifacts.ts";
import { seeded } from "../../support/random.ts";
import { jailMissing, programsMissing, testNeeding } from "../../support/require.ts";
import { type Member, sealHeader, tarOf } from "../../support/tar.ts";
import { listTree } from "../../support/tree.ts";
import { type Place, unpackPlace } from "../../support/unpack.ts";

const noTar = await programsMissing("tar");
const noJail = noTar ?? await jailMissing();

function placeTest(problem: string | undefined, name: string, fn: (place: Place) => Promise<void>): void {
  testNeeding(problem, name, async () => {
    await using place = await unpackPlace();
    await fn(place);
  });
}

const MUTANT_SEED: Member[] = [
  { name: "0/", flag: "5", mode: 0o755 },
  { name: "0/d/", flag: "5", mode: 0o755 },
  { name: "0/d/f", data: "x".repeat(600) },
  { name: "0/d/l", flag: "2", link: "../d/f" },
  { name: "0/h", flag: "1", link: "0/d/f" },
  { name: `0/${"n".repeat(120)}`, data: "long" },
  { name: "1", data: "report" },
];

/** Changes some bytes; of each second mutant the headers' sums are made right again, so that it is looked at. */
function mutate(archive: Uint8Array, random: (bound: number) => number, round: number): Uint8Array {
  const mutant = archive.slice(0, round % 10 === 0 ? random(archive.length) : archive.length);
  const interesting = [0x00, 0x2e, 0x2f, 0x30, 0x31, 0x32, 0x35, 0x4c, 0x7f, 0x80, 0xff];
  for (let change = 0; change <= random(4); change++) {
    const header = 512 * random(Math.ceil(mutant.length / 512));
    const offset = header + [random(100), 124 + random(12), 156, 157 + random(20), random(512)][random(5)];
    if (offset < mutant.length) mutant[offset] = random(2) ? interesting[random(interesting.length)] : random(256);
    if (round % 2 && header + 512 <= mutant.length) sealHeader(mutant.subarray(header, header + 512));
  }
  return mutant;
}

async function tryMutants(place: Place, jailed: boolean, rounds: number): Promise<void> {
  const archive = tarOf(...MUTANT_SEED);
  for (let round = 0; round < rounds; round++) {
    const mutant = mutate(archive, seeded(round), round);
    try {
      await place.unpack(mutant, jailed);
    } catch (error) {
      assert(error instanceof BerthError, `mutant ${round}: ${error}`);
    }
  }
}

placeTest(noTar, "unpackArtifacts() survives 2,000 broken archives, and the policy alone keeps them in", (place) => {
  return tryMutants(place, false, 2000);
});

placeTest(noJail, "unpackArtifacts() survives 60 broken archives with the jail", (place) => {
  return tryMutants(place, true, 60);
});

placeTest(noTar, "unpackArtifacts() makes no link that leads out by a hard link to a replaced file", async (place) => {
  const members: Member[] = [
    { name: "0/a/b/f" },
    { name: "0/a/b/f", flag: "2", link: "../../x" },
    { name: "0/h", flag: "1", link: "0/a/b/f" },
  ];
  await place.unpack(tarOf(...members), false);
  assertEquals((await listTree(place.folders[0]))["a/b/f"], "link to ../../x");
});

placeTest(noTar, "unpackArtifacts() makes no link that leads out over links of an earlier archive", async (place) => {
  await place.unpack(tarOf({ name: "0/a/b/up", flag: "2", link: "../.." }), false);
  const second = tarOf({ name: "0/a/b/up/l", flag: "2", link: "../../../x" });
  // Refused or left out are both fine; a link that leads out makes unpack() throw something else.
  await place.unpack(second, false).catch((error) => assert(error instanceof BerthError, String(error)));
});

placeTest(noTar, "unpackArtifacts() copes with a hard link between two artifacts", async (place) => {
  const members: Member[] = [{ name: "0/f", data: "f" }, { name: "1/", flag: "5", mode: 0o755 }, {
    name: "1/h",
    flag: "1",
    link: "0/f",
  }, { name: "1/other", data: "other" }];
  await place.unpack(tarOf(...members), false);
  assertEquals((await listTree(place.folders[1])).other, "file 644: other");
});

placeTest(noTar, "unpackArtifacts() leaves the rights of the user's own folder as they are", async (place) => {
  const rights = async () => (await Deno.stat(place.folders[0])).mode! & 0o7777;
  await Deno.chmod(place.folders[0], 0o750);
  await place.unpack(tarOf({ name: "0/", flag: "5", mode: 0o007 }, { name: "0/f" }), false);
  assertEquals(await rights(), 0o750);
});

placeTest(noTar, "unpackArtifacts() does not wait for ever for a tar that complains a lot", async (place) => {
  // Each is a name that no file system takes, which is a line on tar's stderr; a pipe holds 64 KiB.
  const members = Array.from({ length: 400 }, (_, index) => ({ name: `0/${index}${"n".repeat(260)}` }));
  const error = await assertRejects(() => place.unpack(tarOf(...members), false), BerthError);
  assertEquals(error.code, "job.artifact");
});

placeTest(
  noTar,
  "unpackArtifacts() says why a folder can't be written, however large the artifact is",
  async (place) => {
    const path = `${place.folders[0]}/archive`;
    await Deno.writeFile(path, tarOf({ name: "0/big", data: new Uint8Array(4_000_000) }));
    using archive = await Deno.open(path);
    const targets = [{ guest: "/out", folder: `${place.folders[0]}/gone` }];
    const { signal } = new AbortController();
    const unpacking = unpackArtifacts({ archive, targets, onLeftOut: () => {}, signal });
    const error = await assertRejects(() => unpacking, Error);
    assert(error instanceof BerthError, String(error));
    assertEquals([error.code, error.message.includes("No such file or directory")], ["job.artifact", true]);
  },
);

placeTest(noTar, "unpackArtifacts() gives up soon on names that are made to take long", async (place) => {
  const deep = "a/".repeat(4000);
  const members = Array.from({ length: 600 }, (_, index) => ({ name: `0/../${deep}${index}` }));
  const error = await assertRejects(() => place.unpack(tarOf(...members), false), BerthError, "too many files");
  assertEquals(error.code, "job.artifact");
});
