/**
 * Whether what passes by has a long run of zeros, as a file with a hole has once it was read.
 *
 * @module
 */

import { BLOCK_BYTES } from "./tar.ts";

/** Shortest run that is worth a hole, bytes: file systems have blocks of up to this size. */
const LONG_BYTES = 64 * 1024;

/** One file's data. */
export class ZeroRuns {
  #runBytes = 0;
  #hasLong = false;

  /** Whether there was a long run so far. */
  get hasLong(): boolean {
    return this.#hasLong;
  }

  /** Takes the next bytes: whole blocks of tar. An archive that grew by odd pieces meanwhile is not aligned any more. */
  add(piece: Uint8Array<ArrayBuffer>): void {
    if (this.#hasLong || piece.byteOffset % 4 !== 0) return;
    const words = new Uint32Array(piece.buffer, piece.byteOffset, piece.length / 4);
    const wordsInBlock = BLOCK_BYTES / 4;
    for (let at = 0; at < words.length; at += wordsInBlock) {
      this.#runBytes = isZero(words, at, at + wordsInBlock) ? this.#runBytes + BLOCK_BYTES : 0;
      if (this.#runBytes >= LONG_BYTES) this.#hasLong = true;
    }
  }
}

function isZero(words: Uint32Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (words[at] !== 0) return false;
  return true;
}
