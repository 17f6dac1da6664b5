// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { ZeroPageFilter } from "../../../../lib/vmm/qemu/zero_pages.ts";
import { seeded } from "../../../support/random.ts";

const PAGE_BYTES = 4096;
const MEMORY = 512 * 1024 ** 2;
const [ZERO, BLOCKS, PAGE, DONE, SAME] = [0x02, 0x04, 0x08, 0x10, 0x20];

type Part = Uint8Array | string | readonly Part[];

/** Numbers as QEMU writes them. */
function number(value: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = size - 1; at >= 0; at--) [bytes[at], value] = [value % 256, Math.floor(value / 256)];
  return bytes;
}

function bytesOf(part: Part): number[] {
  if (typeof part === "string") return [...new TextEncoder().encode(part)];
  return part instanceof Uint8Array ? [...part] : part.flatMap(bytesOf);
}

const stream = (...parts: readonly Part[]) => Uint8Array.from(bytesOf(parts));
const text = (words: string): Part => [number(words.length, 1), words];
const HEADER: Part = ["QEVM", number(3, 4)];
const CONFIGURATION: Part = [number(7, 1), number(7, 4), "microvm"];
const FOOTER: Part = [number(0x7e, 1), number(2, 4)];
const ram = (type: number, ...records: readonly Part[]): Part => [
  number(type, 1),
  number(2, 4),
  type === 1 ? [text("ram"), number(0, 4), number(4, 4)] : [],
  records,
  number(DONE, 8),
  FOOTER,
];
const BLOCK_LIST: Part = [
  number(MEMORY + 65536 + BLOCKS, 8),
  [text("m.ram"), number(MEMORY, 8)],
  [text("bios"), number(65536, 8)],
];
const page = (address: number, block?: string, fill = 7): Part => [
  number(address + PAGE + (block === undefined ? SAME : 0), 8),
  block === undefined ? [] : text(block),
  new Uint8Array(PAGE_BYTES).fill(fill),
];
const empty = (address: number, block?: string, fill = 0): Part => [
  number(address + ZERO + (block === undefined ? SAME : 0), 8),
  block === undefined ? [] : text(block),
  number(fill, 1),
];
/** What a device's state is, of which nothing is understood: it looks like records. */
const DEVICES: Part = [number(4, 1), number(0, 4), text("timer"), empty(0, "m.ram"), page(0, "m.ram")];

/** What is left of a stream that comes in pieces of these sizes. */
function filtered(whole: Uint8Array, sizeOf: () => number = () => whole.length): Uint8Array {
  const filter = new ZeroPageFilter();
  const kept: Uint8Array[] = [];
  for (let at = 0; at < whole.length;) {
    const size = sizeOf();
    kept.push(filter.push(whole.slice(at, at + size)));
    at += size;
  }
  return stream(kept, filter.end());
}

const WHOLE = stream(
  HEADER,
  CONFIGURATION,
  ram(1, BLOCK_LIST),
  ram(2, empty(0, "m.ram"), empty(4096), page(8192), empty(12288), page(0, "bios"), empty(4096), page(16384, "m.ram")),
  [number(8, 1), number(1, 2), number(3, 2), "abc"],
  ram(3, empty(0x1_2345_6000, "m.ram"), page(0x1_2345_7000), empty(0x1_2345_8000, undefined, 9)),
  DEVICES,
);
const LESS = stream(
  HEADER,
  CONFIGURATION,
  ram(1, BLOCK_LIST),
  // The first page that is left names its block itself, and a firmware's empty pages are none of memory's.
  ram(2, page(8192, "m.ram"), page(0, "bios"), empty(4096), page(16384, "m.ram")),
  [number(8, 1), number(1, 2), number(3, 2), "abc"],
  ram(3, page(0x1_2345_7000), empty(0x1_2345_8000, undefined, 9)),
  DEVICES,
);

Deno.test("ZeroPageFilter leaves the empty pages of memory out, and nothing else", () => {
  assertEquals(filtered(WHOLE), LESS);
});

Deno.test("ZeroPageFilter does not mind how a state is cut", () => {
  assertEquals(filtered(WHOLE, () => 1), LESS);
  for (const seed of [1, 2, 3, 4]) {
    const random = seeded(seed);
    assertEquals(filtered(WHOLE, () => 1 + random(9000)), LESS);
  }
});

Deno.test("ZeroPageFilter hands on a page that is empty now, and was not before", () => {
  const twice = [page(8192, "m.ram"), page(4096), empty(8192), empty(12288), empty(12288), page(16384)];
  const once = [page(8192, "m.ram"), page(4096), empty(8192), empty(12288), page(16384)];
  assertEquals(
    filtered(stream(HEADER, ram(1, BLOCK_LIST), ram(3, twice))),
    stream(HEADER, ram(1, BLOCK_LIST), ram(3, once)),
  );
});

Deno.test("ZeroPageFilter takes the flag that some versions write without a page", () => {
  const flag = number(0x200, 8);
  const parts = [ram(1, BLOCK_LIST, flag), ram(2, empty(0, "m.ram"), page(4096), flag)];
  const left = [ram(1, BLOCK_LIST, flag), ram(2, page(4096, "m.ram"), flag)];
  assertEquals(filtered(stream(HEADER, parts)), stream(HEADER, left));
});

Deno.test("ZeroPageFilter hands on what it does not know, whole", () => {
  const others: readonly Part[] = [
    "its state",
    "QEV",
    [HEADER, number(0x55, 1), empty(0, "m.ram")],
    [HEADER, number(7, 1), number(2 ** 31, 4), empty(0, "m.ram")],
    [HEADER, number(1, 1), number(2, 4), text("slirp"), number(0, 4), number(4, 4), empty(0, "m.ram")],
    [HEADER, number(1, 1), number(2, 4), text("ram"), number(0, 4), number(5, 4), empty(0, "m.ram")],
    [HEADER, ram(1, BLOCK_LIST), number(2, 1), number(9, 4), empty(0, "m.ram")],
  ];
  for (const other of others) {
    assertEquals(filtered(stream(other)), stream(other));
    assertEquals(filtered(stream(other), () => 3), stream(other));
  }
});

Deno.test("ZeroPageFilter keeps what there is of a state that breaks off", () => {
  for (const length of [5, 30, 60, LESS.length - 5000]) {
    const kept = filtered(WHOLE.slice(0, length));
    assertEquals(kept, LESS.slice(0, kept.length));
    // Less by no more than what was not whole, and by what was empty.
    assertEquals(
      kept.length > length - 5000 && kept.length >= Math.min(length, 60),
      true,
      `${kept.length} of ${length}`,
    );
  }
});

Deno.test("ZeroPageFilter refuses memory in a form of which it could lose something", () => {
  const refused: readonly (readonly [Part, string])[] = [
    [ram(2, number(0x40 + SAME, 8)), "a record with the flags 0x60"],
    [ram(2, number(ZERO + PAGE, 8)), "a record with the flags 0xa"],
    [ram(2, BLOCK_LIST), "a second list of blocks"],
    [[ram(2, page(0, "bios"), empty(0, "m.ram")), number(0x55, 1)], "something between the parts of its memory"],
  ];
  const many = Array.from({ length: 99 }, (_, at): Part => [text(`m${at}`), number(2 ** 24, 8)]);
  const endless = [[number(2 ** 52 + BLOCKS, 8), many], [number(4096 + BLOCKS, 8), text("m.ram"), number(8192, 8)]];
  for (const list of endless) {
    const read = () => filtered(stream(HEADER, ram(1, list)));
    assertThrows(read, BerthError, "a list of blocks without an end");
  }
  for (const [part, why] of refused) {
    const error = assertThrows(() => filtered(stream(HEADER, ram(1, BLOCK_LIST), part)), BerthError, why);
    assertEquals(error.code, "vmm.qmp");
  }
});
