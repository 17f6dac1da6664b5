/**
 * Reads the archive that a guest has written: large reads, small pieces.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { BLOCK_BYTES, parseHeader, string, type TarEntry } from "./tar.ts";

const BUFFER_BYTES = 256 * 1024;

/** What there is to read of a file. */
export interface ArchiveRange {
  /** Where the archive ends, whatever is written behind that meanwhile; default the file's end. */
  readonly sizeBytes?: number;
  /** Ends the reading, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** An archive from its present position on. The file stays the caller's. */
export class ArchiveReader {
  readonly #file: Deno.FsFile;
  readonly #signal: AbortSignal | undefined;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #start = 0;
  #end = 0;
  #passedBytes = 0;
  #leftBytes: number;

  constructor(file: Deno.FsFile, { sizeBytes = Infinity, signal }: ArchiveRange = {}) {
    this.#file = file;
    this.#signal = signal;
    this.#leftBytes = sizeBytes;
  }

  /** How much of the archive was taken. */
  get passedBytes(): number {
    return this.#passedBytes;
  }

  /** The members' headers. The consumer takes each member's data by {@linkcode data} before it asks for the next one. */
  async *entries(): AsyncGenerator<TarEntry> {
    let long: { path?: string; link?: string } = {};
    while (true) {
      const header = parseHeader(await this.#take(BLOCK_BYTES));
      if (header.kind === "end") return;
      if (header.kind === "entry") {
        yield { ...header.entry, ...long };
        long = {};
        continue;
      }
      const text = string((await this.#take(roundUp(header.size))).subarray(0, header.size));
      long = header.kind === "longName" ? { ...long, path: text } : { ...long, link: text };
    }
  }

  /** A member's data up to its last block's end, in pieces that are valid until the next one is asked for. */
  async *data(size: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let left = roundUp(size); left > 0;) {
      if (this.#start === this.#end && !await this.#fill()) {
        throw new BerthError("guest.protocol", "the guest's archive of artifacts is cut off");
      }
      const piece = this.#pass(Math.min(left, this.#end - this.#start));
      left -= piece.length;
      yield piece;
    }
  }

  /** So many bytes, which fit into the buffer, or fewer at the end of the file. */
  async #take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#end - this.#start < length && await this.#fill());
    return this.#pass(Math.min(length, this.#end - this.#start));
  }

  #pass(length: number): Uint8Array<ArrayBuffer> {
    const piece = this.#buffer.subarray(this.#start, this.#start + length);
    this.#start += length;
    this.#passedBytes += length;
    return piece;
  }

  /** Reads more behind what is there; false at the end of the file. Not blocking: whoever waits may want to stop. */
  async #fill(): Promise<boolean> {
    // Here, because not every block comes to the consumer's eyes.
    this.#signal?.throwIfAborted();
    this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    if (this.#leftBytes === 0) return false;
    const count = await this.#file.read(this.#buffer.subarray(this.#end, this.#end + this.#leftBytes)) ?? 0;
    this.#end += count;
    this.#leftBytes -= count;
    return count > 0;
  }
}

function roundUp(size: number): number {
  return Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
}
