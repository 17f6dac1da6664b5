// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertThrows } from "@std/assert";
import { toByteText } from "../../../lib/base/bytes_text.ts";
import { BerthError } from "../../../lib/base/errors.ts";
import { parseHeader, type TarEntry, writeHeader } from "../../../lib/guest/tar.ts";
import { programsMissing, testNeeding } from "../../support/require.ts";
import { type Member, sealHeader, tarOf } from "../../support/tar.ts";
import { temporaryFolder } from "../../support/temp.ts";

/** The first header of an archive. */
function parse(member: Member) {
  return parseHeader(tarOf(member).subarray(0, 512));
}

function entryOf(member: Member): TarEntry {
  const header = parse(member);
  assert(header.kind === "entry");
  return header.entry;
}

Deno.test("parseHeader() reads a file", () => {
  assertEquals(entryOf({ name: "0/a b", data: "12345", mode: 0o640, mtime: 1_700_000_000 }), {
    type: "file",
    path: "0/a b",
    link: "",
    mode: 0o640,
    mtime: 1_700_000_000,
    size: 5,
  });
});

for (const [flag, type] of [["0", "file"], ["\0", "file"], ["1", "hardlink"], ["2", "symlink"], ["5", "directory"]]) {
  Deno.test(`parseHeader() takes the flag ${JSON.stringify(flag)} for a ${type}`, () => {
    assertEquals(entryOf({ name: "0/x", flag, link: "0/y" }), {
      ...{ type: type as TarEntry["type"], path: "0/x", link: "0/y", mode: 0o644, mtime: 1, size: 0 },
    });
  });
}

for (const flag of ["3", "4", "6", "7", "x", "g", "S", "M", "V", "Z", "\xff"]) {
  Deno.test(`parseHeader() takes the flag ${JSON.stringify(flag)} for something else`, () => {
    assertEquals(entryOf({ name: "0/x", flag }).type, "other");
  });
}

Deno.test("parseHeader() knows the end, and headers of long names and links", () => {
  assertEquals(parseHeader(new Uint8Array(512)), { kind: "end" });
  assertEquals(parse({ name: "x", flag: "L", data: "abc" }), { kind: "longName", size: 3 });
  assertEquals(parse({ name: "x", flag: "K", data: "abcd" }), { kind: "longLink", size: 4 });
});

Deno.test("parseHeader() puts a prefix before the name", () => {
  assertEquals(entryOf({ name: "file", prefix: "0/folder" }).path, "0/folder/file");
});

Deno.test("parseHeader() takes names that fill their fields to the last byte", () => {
  const entry = entryOf({ name: "n".repeat(100), link: "l".repeat(100), flag: "2", prefix: "p".repeat(155) });
  assertEquals([entry.path, entry.link], [`${"p".repeat(155)}/${"n".repeat(100)}`, "l".repeat(100)]);
});

Deno.test("parseHeader() reads sizes in base 256, up to what a number holds exactly", () => {
  const size = (hex: string) => entryOf({ name: "x", rawSize: Uint8Array.fromHex(hex) }).size;
  assertEquals(size("800000000000000300000000"), 3 * 2 ** 32);
  assertEquals(size("80000000001fffffffffffff"), Number.MAX_SAFE_INTEGER);
  for (const hex of ["800000000020000000000000", "ffffffffffffffffffffffff", "c00000000000000000000000"]) {
    assertThrows(() => size(hex), BerthError, "out of bounds");
  }
});

Deno.test("parseHeader() keeps twelve bits of a mode", () => {
  assertEquals(entryOf({ name: "x", mode: 0o107755 }).mode, 0o7755);
});

Deno.test("parseHeader() gives no data to what has none, whatever its size says", () => {
  for (const flag of ["1", "2", "5"]) assertEquals(entryOf({ name: "0/x", flag, size: 4096 }).size, 0);
});

const BROKEN: [string, () => Uint8Array, string][] = [
  ["a short block", () => tarOf({ name: "x" }).subarray(0, 511), "cut off"],
  ["an empty block", () => new Uint8Array(), "cut off"],
  ["a wrong sum", () => tarOf({ name: "x" }).with(0, 0x79).subarray(0, 512), "checksum is wrong"],
  ["a size that is not octal", () => tarOf({ name: "x", rawSize: new TextEncoder().encode("12345678901") }), "octal"],
  ["a negative size", () => tarOf({ name: "x", rawSize: new TextEncoder().encode("-0000000001") }), "octal"],
  ["a name without an end in sight", () => tarOf({ name: "x", flag: "L", size: 8193 }), "longer than 8192"],
];
for (const [what, block, words] of BROKEN) {
  Deno.test(`parseHeader() refuses ${what}`, () => {
    const error = assertThrows(() => parseHeader(block().subarray(0, 512)), BerthError, words);
    assertEquals(error.code, "guest.protocol");
  });
}

Deno.test("parseHeader() throws nothing but BerthErrors at any single byte changed", () => {
  for (let index = 0; index < 512; index++) {
    for (const value of [0x00, 0x2f, 0x39, 0x80, 0xff]) {
      const block = tarOf({ name: "0/x", data: "x", link: "y" }).slice(0, 512).with(index, value);
      if (index % 2) sealHeader(block);
      try {
        parseHeader(block);
      } catch (error) {
        assert(error instanceof BerthError, `${index}: ${error}`);
      }
    }
  }
});

const ENTRIES: [string, TarEntry][] = [
  ["a file", { type: "file", path: "a", link: "", mode: 0o755, mtime: 12345, size: 7 }],
  ["a folder", { type: "directory", path: "a/b", link: "", mode: 0o700, mtime: 0, size: 0 }],
  ["a symlink", { type: "symlink", path: "a", link: "b/c", mode: 0o777, mtime: 1, size: 0 }],
  ["a hard link", { type: "hardlink", path: "a", link: "b", mode: 0o644, mtime: 1, size: 0 }],
  ["a file over 8 GiB", { type: "file", path: "a", link: "", mode: 0o644, mtime: 1, size: 9 * 1024 ** 3 }],
  ["names of 100 bytes", { type: "symlink", path: "ü".repeat(50), link: "l".repeat(100), mode: 1, mtime: 1, size: 0 }],
];
for (const [what, entry] of ENTRIES) {
  Deno.test(`writeHeader() writes ${what} so that parseHeader() reads the same`, () => {
    const blocks = writeHeader(entry);
    assertEquals(blocks.map(({ length }) => length), [512]);
    assertEquals(parseHeader(blocks[0]), { kind: "entry", entry });
  });
}

Deno.test("writeHeader() cuts a time off that octal digits can't hold", () => {
  const [block] = writeHeader({ ...ENTRIES[0][1], mtime: 2 ** 50 });
  assertEquals(parseHeader(block), { kind: "entry", entry: { ...ENTRIES[0][1], mtime: 8 ** 11 - 1 } });
});

for (const program of [["tar"], ["busybox", "tar"]]) {
  testNeeding(await programsMissing(program[0]), `writeHeader() is understood by ${program.join(" ")}`, async () => {
    const path = `${"f".repeat(120)}/${"ü".repeat(60)}'\n`;
    const link = `${"l".repeat(130)}/x`;
    await using folder = await temporaryFolder();
    const archive = `${folder.path}/x.tar`;
    const blocks = [
      ...writeHeader({ type: "directory", path: "d", link: "", mode: 0o755, mtime: 1, size: 0 }),
      ...writeHeader({ type: "file", path: toByteText(path), link: "", mode: 0o600, mtime: 1, size: 0 }),
      ...writeHeader({ type: "symlink", path: "s", link, mode: 0o777, mtime: 1, size: 0 }),
      new Uint8Array(1024),
    ];
    for (const block of blocks) await Deno.writeFile(archive, block, { append: true });
    const [command, ...words] = [...program, "-x", "-f", archive, "-C", folder.path];
    const { success, stderr } = await new Deno.Command(command, { args: words }).output();
    assert(success, new TextDecoder().decode(stderr));
    assertEquals((await Deno.lstat(`${folder.path}/d`)).isDirectory, true);
    assertEquals((await Deno.lstat(`${folder.path}/${path}`)).isFile, true);
    assertEquals(await Deno.readLink(`${folder.path}/s`), link);
  });
}
