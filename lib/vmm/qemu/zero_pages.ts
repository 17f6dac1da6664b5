/**
 * A guest's state without its empty pages. QEMU writes a few bytes for each of them, and who reads them looks at the page:
 * of a guest that has used a tenth of its memory, that is most of the time that it takes to go on, and on some kernels all
 * of its memory. The memory that a state is read into is empty already.
 *
 * The stream (QEMU's docs/devel/migration, and what 7.2 to 10.0 write): a header, then sections. Numbers are big-endian.
 *
 *     header     "QEVM", version (4)
 *     0x07       configuration: length (4), so many bytes
 *     0x08       command: which (2), length (2), so many bytes
 *     0x01       start: id (4), length (1), name, instance (4), version (4), records
 *     0x02 0x03  part, end: id (4), records
 *     0x7e       footer: id (4)
 *
 * Records, of the section "ram": address and flags in its low 12 bits (8), where no flag says "the same", the block's length
 * (1) and name; then a page, or for an empty one a zero. Behind its end comes what is handed on as it is. A guest that
 * stands still has each page written once, in their order: what is not so is handed on, too.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";

const MAGIC = 0x5145_564d;
const START = 1, PART = 2, END = 3, CONFIGURATION = 7, COMMAND = 8, FOOTER = 0x7e;
const RAM_VERSION = 4;
/**
 * Flags of a record: an empty page, the list of blocks, a page, the end of the section's records, the block of before; and
 * one that 8.1 writes for other ways to send pages, with nothing behind it.
 */
const ZERO = 0x02, BLOCKS = 0x04, PAGE = 0x08, DONE = 0x10, SAME = 0x20, FLUSH = 0x200;
const PAGE_BYTES = 4096;
/** Blocks from here on are memory; smaller ones may be a firmware's, which is there before a state is read. */
const MEMORY_BYTES = 16 * 1024 ** 2;
/** More than there are: five of a microvm's. */
const MOST_BLOCKS = 64;

/** Takes a state piece by piece, however it is cut. */
export class ZeroPageFilter {
  /** What could not be understood yet. */
  #rest = new Uint8Array(0);
  #next: (reader: Reader) => Uint8Array | undefined = (reader) => this.#header(reader);
  #ram = -1;
  /** Whether the section that is being read is the last one of the memory. */
  #isLast = false;
  /** Blocks of memory, and the last address of each that was seen. */
  readonly #memories = new Map<string, number>();
  #blocks = 0;
  #blocksBytes = 0;
  /** The block of the record that was read last, and of that which was handed on last. */
  #block = "";
  #told = "";
  #isPlain = false;

  /**
   * What is left of a piece; something of it may come with the next one.
   *
   * @throws {BerthError} `vmm.qmp` for a memory in another form.
   */
  push(piece: Uint8Array): Uint8Array {
    if (this.#isPlain) return piece;
    const reader = new Reader(joined([this.#rest, piece]));
    const kept: Uint8Array[] = [];
    for (let part; (part = this.#take(reader));) kept.push(part);
    const rest = reader.rest();
    this.#rest = this.#isPlain ? new Uint8Array(0) : rest;
    return joined(this.#isPlain ? [...kept, rest] : kept);
  }

  /** What is left at the end of the state: of one that breaks off. */
  end(): Uint8Array {
    return this.#rest;
  }

  /** The next item; undefined where the piece has not all of it, or what comes is handed on as it is. */
  #take(reader: Reader): Uint8Array | undefined {
    if (this.#isPlain) return undefined;
    reader.mark();
    try {
      return this.#next(reader);
    } catch (error) {
      if (error !== SHORT) throw error;
      reader.back();
      return undefined;
    }
  }

  /** From here on nothing is understood, and nothing has to be. */
  #handOn(reader: Reader): undefined {
    // What has no name of its own would be of another block.
    if (!this.#isLast && this.#told !== this.#block) throw unknownForm("something between the parts of its memory");
    reader.back();
    this.#isPlain = true;
  }

  #header(reader: Reader): Uint8Array | undefined {
    if (reader.number(4) !== MAGIC) return this.#handOn(reader);
    reader.skip(4);
    this.#next = (reader) => this.#section(reader);
    return reader.taken();
  }

  #section(reader: Reader): Uint8Array | undefined {
    const type = reader.number(1);
    if (type === CONFIGURATION) {
      const length = reader.number(4);
      // It is the machine's name.
      if (length > PAGE_BYTES) return this.#handOn(reader);
      reader.skip(length);
    } else if (type === COMMAND) {
      reader.skip(2);
      reader.skip(reader.number(2));
    } else if (type === FOOTER && !this.#isLast) reader.skip(4);
    else if (type === START && this.#ram < 0) return this.#start(reader);
    else if ((type === PART || type === END) && reader.number(4) === this.#ram) {
      this.#isLast = type === END;
      this.#next = (reader) => this.#record(reader);
    } else return this.#handOn(reader);
    return reader.taken();
  }

  #start(reader: Reader): Uint8Array | undefined {
    const id = reader.number(4);
    const name = reader.text(reader.number(1));
    reader.skip(4);
    if (name !== "ram" || reader.number(4) !== RAM_VERSION) return this.#handOn(reader);
    this.#ram = id;
    this.#next = (reader) => this.#record(reader);
    return reader.taken();
  }

  #record(reader: Reader): Uint8Array {
    const [high, low] = [reader.number(4), reader.number(4)];
    const flags = low % PAGE_BYTES;
    if (flags === DONE) {
      this.#next = (reader) => this.#section(reader);
      return reader.taken();
    }
    if (flags === FLUSH) return reader.taken();
    const address = high * 2 ** 32 + low - flags;
    if (flags === BLOCKS) {
      if (this.#blocks > 0) throw unknownForm("a second list of blocks");
      this.#blocksBytes = address;
      this.#next = (reader) => this.#memory(reader);
      return reader.taken();
    }
    const isSame = (flags & SAME) !== 0;
    const kind = flags & ~SAME;
    if (kind !== ZERO && kind !== PAGE) throw unknownForm(`a record with the flags 0x${flags.toString(16)}`);
    const block = isSame ? this.#block : reader.text(reader.number(1));
    const start = reader.position;
    if (kind === PAGE) reader.skip(PAGE_BYTES);
    const isEmpty = kind === ZERO && reader.number(1) === 0;
    this.#block = block;
    if (this.#isNext(block, address) && isEmpty) return new Uint8Array(0);
    // Who reads it has not seen the record that named the block.
    const isUnnamed = isSame && this.#told !== block;
    this.#told = block;
    return isUnnamed ? joined([named(high, low - SAME, block), reader.from(start)]) : reader.taken();
  }

  /** Whether a page is one of memory, and none that was there before. */
  #isNext(block: string, address: number): boolean {
    const last = this.#memories.get(block);
    if (last === undefined || address <= last) return false;
    this.#memories.set(block, address);
    return true;
  }

  /** One of the list of blocks. */
  #memory(reader: Reader): Uint8Array {
    const name = reader.text(reader.number(1));
    const bytes = reader.number(4) * 2 ** 32 + reader.number(4);
    if (bytes >= MEMORY_BYTES) this.#memories.set(name, -1);
    this.#blocksBytes -= bytes;
    if (++this.#blocks > MOST_BLOCKS || !(this.#blocksBytes >= 0)) throw unknownForm("a list of blocks without an end");
    if (this.#blocksBytes === 0) this.#next = (reader) => this.#record(reader);
    return reader.taken();
  }
}

/** Says that there are not enough bytes yet. */
const SHORT = Symbol("short");

/** Reads numbers and texts, of which some may be missing: then it throws {@linkcode SHORT}. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #marked = 0;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  mark(): void {
    this.#marked = this.position;
  }

  back(): void {
    this.position = this.#marked;
  }

  skip(count: number): void {
    this.position += count;
    if (this.position > this.#bytes.length) throw SHORT;
  }

  number(size: 1 | 2 | 4): number {
    const at = this.position;
    this.skip(size);
    if (size === 1) return this.#view.getUint8(at);
    return size === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  text(size: number): string {
    this.skip(size);
    return String.fromCharCode(...this.from(this.position - size));
  }

  from(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.position);
  }

  /** All since the mark. */
  taken(): Uint8Array {
    return this.from(this.#marked);
  }

  rest(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(this.position);
  }
}

function named(high: number, low: number, block: string): Uint8Array {
  const bytes = new Uint8Array(9 + block.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, high);
  view.setUint32(4, low);
  bytes[8] = block.length;
  for (let at = 0; at < block.length; at++) bytes[9 + at] = block.charCodeAt(at);
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function unknownForm(what: string): BerthError {
  return new BerthError("vmm.qmp", `QEMU writes its guest's state in a form that is not known: ${what}`);
}
