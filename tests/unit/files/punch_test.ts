// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { punchHole } from "../../../lib/files/punch.ts";
import { temporaryFolder } from "../../support/temp.ts";

const MIB = 1024 ** 2;
const HOLE = { offsetBytes: MIB, lengthBytes: MIB };
const BLOCK = 512;

/** A file of 3 MiB, of which each byte says in which one it is. */
async function writeThree(path: string): Promise<void> {
  await Deno.writeFile(path, new Uint8Array(3 * MIB).map((_, index) => 1 + Math.floor(index / MIB)));
}

Deno.test("punchHole() gives back what a part of a file takes, and leaves its size and the rest alone", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/out`;
  await writeThree(path);
  using file = await Deno.open(path, { read: true, write: true });
  const before = (await file.stat()).blocks!;
  assertEquals(await punchHole(file, path, HOLE), true);
  const { size, blocks } = await file.stat();
  assertEquals([size, (before - blocks!) * BLOCK], [3 * MIB, MIB]);
  const bytes = await Deno.readFile(path);
  assert(bytes.every((byte, index) => byte === [1, 0, 3][Math.floor(index / MIB)]));
});

const OTHERS: [what: string, put: (path: string, other: string) => Promise<void>][] = [
  ["another file", (path, other) => Deno.rename(other, path)],
  ["a link to another file", async (path, other) => {
    await new Deno.Command("sh", { args: ["-c", 'ln -sf "$1" "$2"', "sh", other, path] }).output();
  }],
  ["nothing", (path) => Deno.remove(path)],
];
for (const [what, put] of OTHERS) {
  Deno.test(`punchHole() changes nothing when there is ${what} in the file's place`, async () => {
    await using folder = await temporaryFolder();
    const [path, other] = ["out", "other"].map((name) => `${folder.path}/${name}`);
    await writeThree(path);
    await writeThree(other);
    using file = await Deno.open(path, { read: true, write: true });
    using mine = await Deno.open(other, { read: true });
    const before = (await mine.stat()).blocks;
    await put(path, other);
    assertEquals([await punchHole(file, path, HOLE), (await mine.stat()).blocks], [false, before]);
    assertEquals(await Deno.stat(path).then(() => true, () => false), what !== "nothing");
  });
}
