/**
 * The headers of tar archives: what busybox's tar writes (POSIX ustar with GNU's long names), read with suspicion and
 * written anew. Pure.
 *
 * @module
 */

import { bytesToText, textToBytes } from "../base/bytes_text.ts";
import { BerthError } from "../base/errors.ts";

/** Tar's unit: every header and the end of every file's data is aligned to it. */
export const BLOCK_BYTES = 512;

/** A member of an archive. Its names have a character for each byte. */
export interface TarEntry {
  readonly type: "file" | "directory" | "symlink" | "hardlink" | "other";
  readonly path: string;
  /** The target of a link, else empty. */
  readonly link: string;
  readonly mode: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** The bytes of data that follow the header. */
  readonly size: number;
}

/** A header as it stands: a member, a long name or link target for the next member, or the end. */
export type TarHeader =
  | { readonly kind: "entry"; readonly entry: TarEntry }
  | { readonly kind: "longName" | "longLink"; readonly size: number }
  | { readonly kind: "end" };

const TYPES: Readonly<Record<string, TarEntry["type"]>> = {
  "0": "file",
  "\0": "file",
  "1": "hardlink",
  "2": "symlink",
  "5": "directory",
};

/** Parses one block. @throws {BerthError} `guest.protocol` when it is no header. */
export function parseHeader(block: Uint8Array): TarHeader {
  if (block.length !== BLOCK_BYTES) throw invalid("it is cut off");
  // The checksum counts its own eight bytes as spaces.
  const sum = checksum(block);
  if (sum === 8 * 32 && block.every((byte) => byte === 0)) return { kind: "end" };
  if (number(block, 148, 8) !== sum) throw invalid("a header's checksum is wrong");
  const flag = String.fromCharCode(block[156]);
  const type = TYPES[flag] ?? "other";
  const size = number(block, 124, 12);
  if (flag === "L" || flag === "K") {
    if (size > 8192) throw invalid("a name is longer than 8192 bytes");
    return { kind: flag === "L" ? "longName" : "longLink", size };
  }
  const prefix = string(block.subarray(345, 500));
  const name = string(block.subarray(0, 100));
  const path = prefix ? `${prefix}/${name}` : name;
  const link = string(block.subarray(157, 257));
  const mtime = number(block, 136, 12);
  // Only a file has data; what a device's size says is not followed by any.
  const data = type === "file" || type === "other" ? size : 0;
  return { kind: "entry", entry: { type, path, link, mode: number(block, 100, 8) & 0o7777, mtime, size: data } };
}

const ENCODER = new TextEncoder();

/** A field's text up to its NUL, with a character for each byte. */
export function string(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return bytesToText(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Octal digits, or GNU's base-256 form for what does not fit. */
function number(block: Uint8Array, offset: number, length: number): number {
  const field = block.subarray(offset, offset + length);
  if (field[0] & 0x80) {
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, field[0] & 0x7f);
    if (!Number.isSafeInteger(value)) throw invalid("a number is out of bounds");
    return value;
  }
  const text = string(field).trim();
  if (!/^[0-7]*$/.test(text)) throw invalid("a number is not octal");
  return text === "" ? 0 : parseInt(text, 8);
}

/** The sum of the header's bytes, its own field taken as spaces. */
function checksum(block: Uint8Array): number {
  // Plain loops: of 100,000 headers, closures take a second.
  let sum = 8 * 32;
  for (let index = 0; index < BLOCK_BYTES; index++) sum += block[index];
  for (let index = 148; index < 156; index++) sum -= block[index];
  return sum;
}

function invalid(problem: string): BerthError {
  return new BerthError("guest.protocol", `the guest's archive of artifacts is broken: ${problem}`);
}

const FLAGS: Readonly<Record<TarEntry["type"], string>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  directory: "5",
  other: "0",
};

/** Writes a member's header, with the long name and link target it may need in front. */
export function writeHeader(entry: TarEntry): Uint8Array<ArrayBuffer>[] {
  const path = textToBytes(entry.path);
  const link = textToBytes(entry.link);
  return [
    ...(path.length > 100 ? longField("L", path) : []),
    ...(link.length > 100 ? longField("K", link) : []),
    block({ ...entry, flag: FLAGS[entry.type], path, link }),
  ];
}

function longField(flag: string, text: Uint8Array): Uint8Array<ArrayBuffer>[] {
  const size = text.length + 1;
  const data = new Uint8Array(Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES);
  data.set(text);
  const path = ENCODER.encode("././@LongLink");
  return [block({ flag, path, link: new Uint8Array(), mode: 0, mtime: 0, size }), data];
}

interface RawHeader {
  readonly flag: string;
  readonly path: Uint8Array;
  readonly link: Uint8Array;
  readonly mode: number;
  readonly mtime: number;
  readonly size: number;
}

function block({ flag, path, link, mode, mtime, size }: RawHeader): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(BLOCK_BYTES);
  const text = (offset: number, value: string) => bytes.set(ENCODER.encode(value), offset);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  bytes.set(path.subarray(0, 100));
  text(100, octal(mode, 7));
  text(108, octal(0, 7));
  text(116, octal(0, 7));
  if (size < 8 ** 11) text(124, octal(size, 11));
  else {
    bytes[124] = 0x80;
    new DataView(bytes.buffer).setBigUint64(128, BigInt(size));
  }
  text(136, octal(Math.min(mtime, 8 ** 11 - 1), 11));
  text(156, flag);
  bytes.set(link.subarray(0, 100), 157);
  text(257, "ustar  "); // GNU's magic: long names as above
  text(148, octal(checksum(bytes), 6) + "\0 ");
  return bytes;
}
