// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { type ArchiveRange, ArchiveReader } from "../../../lib/guest/archive_reader.ts";
import { type Member, tarOf } from "../../support/tar.ts";
import { temporaryFolder } from "../../support/temp.ts";

/** Reads everything: each member's name and the sum and count of its data's bytes. */
async function readAll(archive: Uint8Array): Promise<{ found: [string, number, number][]; passedBytes: number }> {
  await using temporary = await temporaryFolder();
  await Deno.writeFile(`${temporary.path}/archive`, archive);
  using file = await Deno.open(`${temporary.path}/archive`);
  const reader = new ArchiveReader(file);
  const found: [string, number, number][] = [];
  for await (const { path, size } of reader.entries()) {
    let sum = 0;
    let count = 0;
    for await (const piece of reader.data(size)) {
      count += piece.length;
      sum = piece.reduce((total, byte) => total + byte, sum);
    }
    found.push([path, sum, count]);
  }
  return { found, passedBytes: reader.passedBytes };
}

Deno.test("entries() and data() find everything, wherever the buffer ends", async () => {
  // Odd sizes move headers, long names and data over the buffer's end in each way there is.
  const members = Array.from({ length: 900 }, (_, index): Member => ({
    name: `0/${"n".repeat(index % 7 === 0 ? 150 : 9)}${index}`,
    data: new Uint8Array((index * 37) % 3000).fill(1),
  }));
  const archive = tarOf(...members, { name: "0/large", data: new Uint8Array(700_001).fill(1) }, { name: "0/last" });
  const { found, passedBytes } = await readAll(archive);
  assertEquals(
    found.slice(0, 900).map(([path, sum]) => [path, sum]),
    members.map(({ name }, index) => [String(name), (index * 37) % 3000]),
  );
  assertEquals(found.slice(900), [["0/large", 700_001, 700_416], ["0/last", 0, 0]]);
  assertEquals(passedBytes, archive.length - 512, "up to the first block of the end");
});

Deno.test("data() says that an archive is cut off, also when its size is beyond all bounds", async () => {
  const rawSize = new Uint8Array([0x80, 0, 0, 0, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
  for (
    const archive of [tarOf({ name: "0/x", rawSize }), tarOf({ name: "0/x", data: "x".repeat(5000) }).slice(0, 4096)]
  ) {
    const error = await assertRejects(() => readAll(archive), BerthError, "cut off");
    assertEquals(error.code, "guest.protocol");
  }
});

Deno.test("an archive ends where it ended when it was handed over, and when nobody wants it any more", async () => {
  await using temporary = await temporaryFolder();
  const archive = tarOf({ name: "0/a" }, { name: "0/b" });
  await Deno.writeFile(`${temporary.path}/archive`, archive);
  const names = async (range: ArchiveRange) => {
    using file = await Deno.open(`${temporary.path}/archive`);
    return (await Array.fromAsync(new ArchiveReader(file, range).entries())).map(({ path }) => path);
  };
  assertEquals(await names({}), ["0/a", "0/b"]);
  await assertRejects(() => names({ sizeBytes: 512 }), BerthError, "cut off");
  // Headers of long names come to no consumer, however many there are.
  const long = new Uint8Array(1024);
  long.set(tarOf({ name: "x".repeat(200) }).subarray(0, 1024));
  await Deno.writeFile(
    `${temporary.path}/archive`,
    new Uint8Array(Array.from({ length: 2000 }, () => [...long]).flat()),
  );
  const signal = AbortSignal.timeout(1);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals((await assertRejects(() => names({ signal }), DOMException)).name, "TimeoutError");
});
