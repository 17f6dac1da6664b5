/**
 * A file that a VM writes its job's output into, and how far it has been delivered.
 *
 * @module
 */

import { describeError } from "../../base/errors.ts";
import { BLOCK_BYTES } from "../../disk/watch.ts";

/** How far a file may grow beyond its limit before it is shortened: seldom enough to cost nothing. */
const EXCESS_BYTES = 64 * 1024 ** 2;
/** How much more a file may seem to have than its disk holds. Honest ones have less; it costs little to deliver it. */
const HOLLOW_BYTES = 64 * 1024 ** 2;
/** How much is delivered before its place on the disk is given back: a process is started for it, of some 20 ms. */
const HOLE_BYTES = 64 * 1024 ** 2;

/**
 * Where output goes. Must take all of the bytes; one that fails tells `onWritten` how many it has taken, if it was any.
 */
export type Sink = (bytes: Uint8Array, onWritten?: (count: number) => void) => Promise<void>;

/** Gives back what a part of a file takes of its disk, and returns whether it could. */
export type Release = (hole: { readonly offsetBytes: number; readonly lengthBytes: number }) => Promise<boolean>;

/** What became of the bytes of one file. */
export interface Delivery {
  /** Its first bytes, which the sink has taken. */
  readonly bytes: number;
  /** What else was written. */
  readonly missingBytes: number;
  /** Set where more may be missing than was counted. */
  readonly atLeast?: true;
  /** Set where what is missing was never written: the VMM has made the file longer than what is in it. */
  readonly hollow?: true;
  /** Why no more was read, or the sink took no more, as in `ENOSPC: No space left on device`. */
  readonly error?: string;
  /** Set where that was because its reader has left, who does not want the rest. */
  readonly gone?: true;
}

/** Whether a sink took no more because nobody reads what it is given. */
export function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.ConnectionReset;
}

/** What a follower may be told beside. */
export interface FollowOptions {
  /** How much of each file is delivered at most. What is beyond is removed from the file now and then. */
  readonly limitBytes?: number;
  /** Whether the folder's disk holds every byte of a file that was written: only then is a hollow one found. */
  readonly holdsAll?: boolean;
}

/** One of the files, and how far it has been delivered. */
export class Source {
  readonly #file: Deno.FsFile;
  readonly #sink: Sink;
  readonly #holdsAll: boolean;
  #release: Release | undefined;
  #limitBytes: number;
  #releasedBytes = 0;
  #error: unknown;
  #endBytes = Infinity;
  #readBytes = 0;
  #deliveredBytes = 0;
  #removedBytes = 0;

  constructor(
    [file, sink, release]: readonly [Deno.FsFile, Sink, Release?],
    { limitBytes = Infinity, holdsAll = false }: FollowOptions,
  ) {
    this.#file = file;
    this.#sink = sink;
    this.#release = release;
    this.#limitBytes = limitBytes;
    this.#holdsAll = holdsAll;
  }

  /**
   * Looks how far the file goes that nobody writes any more. A VMM that was broken out of can make it as long as it
   * likes without writing a byte: no disk would get full, and the delivery of nothing but zeros would last for months.
   */
  findEnd(): void {
    const { size, blocks } = this.#file.statSync();
    if (!this.#holdsAll || blocks === null) return;
    const heldBytes = this.#releasedBytes + blocks * BLOCK_BYTES;
    if (size - heldBytes > HOLLOW_BYTES) this.#endBytes = heldBytes;
  }

  /** What there is to deliver next; undefined: nothing so far. What can't be read is accounted for, and thrown. */
  read(buffer: Uint8Array): Uint8Array | undefined {
    try {
      const most = Math.min(buffer.length, Math.min(this.#limitBytes, this.#endBytes) - this.#readBytes);
      const count = most > 0 ? this.#file.readSync(buffer.subarray(0, most)) : null;
      if (count === null) return undefined;
      this.#readBytes += count;
      return buffer.subarray(0, count);
    } catch (error) {
      this.giveUp(error);
      throw error;
    }
  }

  async deliver(bytes: Uint8Array): Promise<void> {
    let taken = 0;
    try {
      await this.#sink(bytes, (count) => taken += count);
      taken = bytes.length;
    } finally {
      this.#deliveredBytes += taken;
    }
  }

  /** Takes no more of it; what comes now is nobody's, and is removed as what is beyond a limit. */
  giveUp(error: unknown): void {
    this.#error = error;
    this.#limitBytes = Math.min(this.#limitBytes, this.#deliveredBytes);
  }

  /** Gives back the disk's space of what was delivered, now and then; the VMM appends, so nobody misses it. */
  async release(): Promise<void> {
    const lengthBytes = this.#deliveredBytes - this.#deliveredBytes % HOLE_BYTES - this.#releasedBytes;
    if (!this.#release || lengthBytes <= 0) return;
    const isDone = await this.#release({ offsetBytes: this.#releasedBytes, lengthBytes }).catch(() => false);
    // A disk that can't do it holds all of it, as far as the job's budget goes.
    if (isDone) this.#releasedBytes += lengthBytes;
    else this.#release = undefined;
  }

  /**
   * Removes what nobody will get, so that a job that prints on and on does not fill the disk. The VMM appends, wherever
   * the end is. A write of its that ends after the look and before the cut (most often there is one, of up to 32 KiB) is
   * removed and not counted.
   */
  shorten(): void {
    if (this.#limitBytes === Infinity) return;
    try {
      const excessBytes = this.#file.statSync().size - this.#limitBytes;
      if (excessBytes < EXCESS_BYTES) return;
      this.#file.truncateSync(this.#limitBytes);
      this.#removedBytes += excessBytes;
    } catch {
      // It is done again in a moment. What keeps failing leaves the file long, and the disk has a watch of its own.
    }
  }

  account(): Delivery {
    const writtenBytes = this.#file.statSync().size + this.#removedBytes;
    const missingBytes = Math.max(0, writtenBytes - this.#deliveredBytes);
    return {
      ...{ bytes: this.#deliveredBytes, missingBytes },
      ...(this.#removedBytes > 0 ? { atLeast: true } : {}),
      ...(this.#endBytes < this.#limitBytes ? { hollow: true } : {}),
      ...(this.#error === undefined ? {} : { error: describeSystemError(this.#error) }),
      ...(isGone(this.#error) ? { gone: true } : {}),
    };
  }
}

/** The kernel's name of an error, which scripts know, and its words. */
function describeSystemError(error: unknown): string {
  const code = error instanceof Error && "code" in error ? `${error.code}: ` : "";
  return code + describeError(error).replace(/ \(os error \d+\)$/, "");
}
