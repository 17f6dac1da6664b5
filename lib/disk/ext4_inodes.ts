/**
 * What mke2fs makes of a folder, looked at and put right in the image's own bytes: it has no place for the nanoseconds of
 * times, and gives the top folder away. Only for an image that berth has just made itself, without checksums of inodes.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { bytesToText } from "../base/bytes_text.ts";

/** Time of a file. */
export interface Timestamp {
  /** Since 1970; negative before. */
  readonly seconds: number;
  readonly nanos: number;
}

/** Times that an inode keeps. */
export interface Times {
  readonly accessed: Timestamp;
  readonly modified: Timestamp;
  readonly changed: Timestamp;
}

/** Owner, group and mode of an inode. */
export interface Ownership {
  readonly uid: number;
  readonly gid: number;
  /** With the set-ID and sticky bits. */
  readonly mode: number;
}

/** Number of the root folder's inode. */
export const ROOT_INODE = 2;

// The kernel's doc: ext4, "Super Block", "Block Group Descriptors", "Index Nodes", "Directory Entries".
const SUPERBLOCK_OFFSET = 1024;
const INCOMPAT_64BIT = 0x80;
const EXTENT_MAGIC = 0xf30a;
const INODE_BYTES = 256;
const TYPE_BITS = 0o170000;
const DIRECTORY = 0o040000;
/** 1901 and 2446. */
const FIRST_SECOND = -(2 ** 31);
const LAST_SECOND = 3 * 2 ** 32 + 2 ** 31 - 1;

/** Image of an ext4 file system, open to be read and written. Disposing closes it. */
export class Ext4Inodes implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #blockBytes: number;
  readonly #inodesPerGroup: number;
  /** The byte at which each group's inodes begin. */
  readonly #tables: readonly number[];

  constructor(path: string) {
    this.#file = Deno.openSync(path, { read: true, write: true });
    const superblock = this.#read(SUPERBLOCK_OFFSET, 1024);
    this.#blockBytes = 1024 << superblock.getUint32(24, true);
    this.#inodesPerGroup = superblock.getUint32(40, true);
    if (superblock.getUint16(88, true) !== INODE_BYTES) throw unexpected("its inodes are not of 256 bytes");
    const is64Bit = (superblock.getUint32(96, true) & INCOMPAT_64BIT) !== 0;
    const descriptorBytes = is64Bit ? superblock.getUint16(254, true) : 32;
    const groups = Math.ceil(superblock.getUint32(0, true) / this.#inodesPerGroup);
    const firstBlock = superblock.getUint32(20, true) + 1;
    const descriptors = this.#read(firstBlock * this.#blockBytes, groups * descriptorBytes);
    this.#tables = Array.from({ length: groups }, (_, group) => {
      const at = group * descriptorBytes;
      const high = is64Bit ? descriptors.getUint32(at + 0x28, true) : 0;
      return (high * 2 ** 32 + descriptors.getUint32(at + 8, true)) * this.#blockBytes;
    });
  }

  /** A folder's entries: name, a character for each byte → inode. None of what is no folder. */
  entries(inode: number): ReadonlyMap<string, number> {
    const found = new Map<string, number>();
    const { view } = this.#inode(inode);
    if ((view.getUint16(0, true) & TYPE_BITS) !== DIRECTORY) return found;
    for (const [block, count] of this.#extents(view, 0x28)) {
      for (let index = 0; index < count; index++) {
        readEntries(this.#read((block + index) * this.#blockBytes, this.#blockBytes), found);
      }
    }
    return found;
  }

  setTimes(inode: number, { accessed, modified, changed }: Times): void {
    const { offset, view } = this.#inode(inode);
    for (const [time, low, extra] of [[accessed, 0x08, 0x8c], [changed, 0x0c, 0x84], [modified, 0x10, 0x88]] as const) {
      const seconds = Math.min(Math.max(time.seconds, FIRST_SECOND), LAST_SECOND);
      // The lower 32 bits have a sign; two more are beside the nanoseconds.
      view.setInt32(low, seconds | 0, true);
      view.setUint32(extra, (time.nanos << 2 | (seconds - (seconds | 0)) / 2 ** 32) >>> 0, true);
    }
    this.#write(offset, view);
  }

  setOwnership(inode: number, { uid, gid, mode }: Ownership): void {
    const { offset, view } = this.#inode(inode);
    view.setUint16(0, view.getUint16(0, true) & TYPE_BITS | mode & ~TYPE_BITS, true);
    for (const [id, low, high] of [[uid, 0x02, 0x78], [gid, 0x18, 0x7a]] as const) {
      view.setUint16(low, id & 0xffff, true);
      view.setUint16(high, id >>> 16, true);
    }
    this.#write(offset, view);
  }

  /** First blocks and lengths of what the extents' node at an offset leads to. */
  *#extents(node: DataView, at: number): Generator<[block: number, count: number]> {
    if (node.getUint16(at, true) !== EXTENT_MAGIC) throw unexpected("a folder has no extents");
    const isLeaf = node.getUint16(at + 6, true) === 0;
    for (let entry = 1; entry <= node.getUint16(at + 2, true); entry++) {
      const place = at + 12 * entry;
      const [low, high] = isLeaf ? [place + 8, place + 6] : [place + 4, place + 8];
      const block = node.getUint16(high, true) * 2 ** 32 + node.getUint32(low, true);
      if (isLeaf) yield [block, node.getUint16(place + 4, true)];
      else yield* this.#extents(this.#read(block * this.#blockBytes, this.#blockBytes), 0);
    }
  }

  #inode(inode: number): { offset: number; view: DataView<ArrayBuffer> } {
    const group = Math.floor((inode - 1) / this.#inodesPerGroup);
    const offset = this.#tables[group] + ((inode - 1) % this.#inodesPerGroup) * INODE_BYTES;
    return { offset, view: this.#read(offset, INODE_BYTES) };
  }

  // Not by promises: of 100,000 files, these would take longer than all that is read.
  #read(offset: number, length: number): DataView<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    for (let filled = 0; filled < length;) {
      const count = this.#file.readSync(bytes.subarray(filled));
      if (!count) throw unexpected("it is cut off");
      filled += count;
    }
    return new DataView(bytes.buffer);
  }

  #write(offset: number, { buffer }: DataView<ArrayBuffer>): void {
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    for (let written = 0; written < buffer.byteLength;) {
      written += this.#file.writeSync(new Uint8Array(buffer, written));
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function readEntries(block: DataView<ArrayBuffer>, found: Map<string, number>): void {
  for (let at = 0, length = 0; at < block.byteLength; at += length) {
    const inode = block.getUint32(at, true);
    length = block.getUint16(at + 4, true);
    if (length < 8) throw unexpected("a folder's entry has no length");
    if (inode !== 0) found.set(bytesToText(new Uint8Array(block.buffer, at + 8, block.getUint8(at + 6))), inode);
  }
}

function unexpected(problem: string): BerthError {
  return new BerthError("job.workspace", `the image that mke2fs has made is not as expected: ${problem}`);
}
