/**
 * The members of a tar as it streams by: their headers are looked at, their data is passed over. Pure.
 *
 * All that is wanted is to know what an archive is. What is wrong with it, the tool that reads it tells.
 *
 * @module
 */

/** Size of tar's blocks, bytes. */
export const BLOCK_BYTES = 512;
/** Attributes of 64 KiB each, some of them. What is longer is not looked into. */
const EXTENSION_LIMIT_BYTES = 1024 ** 2;

/** Member of an archive. */
export interface Member {
  /** Without what a path may begin and end with: `./etc/` is `etc`. A long one is what the header has of it. */
  readonly name: string;
  /** The type flag. */
  readonly flag: string;
  /** Has holes, in any of the four ways to write that down. */
  readonly isSparse: boolean;
  readonly mode: number;
}

/** Reader of an archive, piece by piece. */
export class Members {
  /** Whether there is another archive behind the end of this one. */
  hasMore = false;
  readonly #onMember: (member: Member) => void;
  /** `lost` is for what is no tar, or not quite: the rest of it is not understood. */
  #state: "within" | "ended" | "lost" = "within";
  readonly #block = new Uint8Array(BLOCK_BYTES);
  #filled = 0;
  /** Bytes of data that are still to come, and the text of an extended header that they are. */
  #left = 0;
  #extension?: { bytes: Uint8Array; filled: number; size: number };
  /** What an extended header says of the next member. */
  #next: { isSparse: boolean; size?: number } = { isSparse: false };

  /** @param onMember is told of each one; what it throws ends the reading. */
  constructor(onMember: (member: Member) => void) {
    this.#onMember = onMember;
  }

  get isLost(): boolean {
    return this.#state === "lost";
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && this.#state !== "lost" && !this.hasMore;) {
      at += this.#left > 0 ? this.#skip(chunk.subarray(at)) : this.#collect(chunk.subarray(at));
    }
  }

  #skip(rest: Uint8Array): number {
    const count = Math.min(rest.length, this.#left);
    const extension = this.#extension;
    if (extension) {
      const part = rest.subarray(0, Math.min(count, extension.bytes.length - extension.filled));
      extension.bytes.set(part, extension.filled);
      extension.filled += part.length;
    }
    this.#left -= count;
    if (this.#left === 0 && extension) this.#readExtension(extension.bytes.subarray(0, extension.size));
    return count;
  }

  #collect(rest: Uint8Array): number {
    const count = Math.min(rest.length, BLOCK_BYTES - this.#filled);
    this.#block.set(rest.subarray(0, count), this.#filled);
    this.#filled += count;
    if (this.#filled < BLOCK_BYTES) return count;
    this.#filled = 0;
    if (this.#state === "ended") this.hasMore = isTarHeader(this.#block);
    else if (this.#block.every((byte) => byte === 0)) this.#state = "ended";
    else this.#readHeader(this.#block);
    return count;
  }

  #readHeader(block: Uint8Array): void {
    const size = isTarHeader(block) ? readNumber(block, 124, 12) : undefined;
    if (size === undefined) {
      this.#state = "lost";
      return;
    }
    const flag = String.fromCharCode(block[156]);
    this.#extension = undefined;
    // Extended headers (PAX, GNU's long names) stand in front of their member.
    if ("xgLK".includes(flag)) {
      const bytes = new Uint8Array(flag === "x" && size <= EXTENSION_LIMIT_BYTES ? size : 0);
      if (flag === "x") this.#extension = { bytes, filled: 0, size };
      this.#left = padded(size);
      return;
    }
    const { isSparse, size: realSize = size } = this.#next;
    this.#next = { isSparse: false };
    const name = field(block, 0, 100).replace(/^(\.?\/)+/, "").replace(/(^\.|\/+)$/, "");
    this.#onMember({
      name,
      flag,
      isSparse: isSparse || flag === "S",
      mode: (readNumber(block, 100, 8) ?? 0o755) & 0o7777,
    });
    // Where such a member ends, more than its header says.
    if (flag === "S") this.#state = "lost";
    // Links, nodes and folders have no data, whatever their size.
    this.#left = "123456".includes(flag) ? 0 : padded(realSize);
  }

  #readExtension(bytes: Uint8Array): void {
    this.#extension = undefined;
    const text = new TextDecoder("latin1").decode(bytes);
    const size = /(?:^|\n)\d+ size=(\d{1,15})\n/.exec(text)?.[1];
    const isSparse = /(?:^|\n)\d+ GNU\.sparse\./.test(text);
    this.#next = { isSparse, ...(size === undefined ? {} : { size: Number(size) }) };
  }
}

function padded(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}

/** True for a block whose sum is right, as it is of a header only. */
export function isTarHeader(block: Uint8Array): boolean {
  if (block.length < BLOCK_BYTES) return false;
  let sum = 0;
  for (let at = 0; at < BLOCK_BYTES; at++) sum += at >= 148 && at < 156 ? 32 : block[at];
  return parseInt(field(block, 148, 8).trim(), 8) === sum;
}

/** Octal, or as GNU and star write what is too large for that. Undefined for what is none. */
function readNumber(block: Uint8Array, offset: number, length: number): number | undefined {
  const isBinary = (block[offset] & 0x80) !== 0;
  const value = isBinary
    ? block.subarray(offset + 1, offset + length).reduce((sum, byte) => sum * 256 + byte, 0)
    : parseInt(field(block, offset, length).trim() || "0", 8);
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function field(block: Uint8Array, offset: number, length: number): string {
  const text = new TextDecoder("latin1").decode(block.subarray(offset, offset + length));
  return text.split("\0", 1)[0];
}
