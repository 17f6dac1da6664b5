/**
 * Follows the files that a VM writes its job's output into.
 *
 * The files are the truth: a slow reader slows nobody, and memory stays flat whatever the job prints.
 *
 * @module
 */

const CHUNK_BYTES = 256 * 1024;
/** Looks without having been told, in case the host has no inotify watch left. */
const SAFETY_NET_MS = 250;
/** At most so often is looked because of what the watcher tells. */
const PAUSE_MS = 10;
/** How far a file may grow beyond its limit before it is shortened: seldom enough to cost nothing. */
const EXCESS_BYTES = 64 * 1024 ** 2;
/** How much more a file may seem to have than its disk holds. Honest ones have less; it costs little to deliver it. */
const HOLLOW_BYTES = 64 * 1024 ** 2;
/** The unit of a file's blocks, whatever its disk's is (inode(7)). */
const BLOCK_BYTES = 512;

/** Where output goes. Must take all of the bytes. */
export type Sink = (bytes: Uint8Array) => Promise<void>;

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
}

/** What a follower may be told beside. */
export interface FollowOptions {
  /** How much of each file is delivered at most. What is beyond is removed from the file now and then. */
  readonly limitBytes?: number;
  /** Whether the folder's disk holds every byte of a file that was written: only then is a hollow one found. */
  readonly holdsAll?: boolean;
}

/**
 * Copies what is appended to some files of one folder. Disposing stops; {@linkcode finish} delivers everything up to the
 * limit.
 */
export class OutputFollower implements AsyncDisposable {
  readonly #watcher: Deno.FsWatcher | undefined;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #wakers = new Set<() => void>();
  readonly #sources: readonly Source[];
  readonly #copies: Promise<void>;
  #wakes = 0;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #state: "following" | "finishing" | "stopped" = "following";

  /**
   * @param sources open files of the folder, and where each one's bytes go.
   * @param onBroken is called when a sink does not take any more; that file's rest is dropped.
   */
  constructor(
    folder: string,
    sources: readonly (readonly [Deno.FsFile, Sink])[],
    onBroken: () => void,
    options: FollowOptions = {},
  ) {
    this.#sources = sources.map(([file, sink]) => new Source(file, sink, options));
    this.#watcher = watch(folder);
    void this.#listen();
    this.#timer = setInterval(() => this.#wake(), SAFETY_NET_MS);
    this.#copies = allDone(this.#sources.map((source) => this.#copy(source, onBroken)));
    this.#copies.catch(() => {});
  }

  /**
   * Delivers what is in the files by now, and ends. Call it when nobody writes them any more.
   *
   * @throws what kept a file from being read; the others are delivered whole all the same.
   */
  async finish(): Promise<void> {
    if (this.#state === "following") this.#state = "finishing";
    this.#wake();
    await this.#copies;
  }

  /** What became of each source so far, in their order. */
  account(): Delivery[] {
    return this.#sources.map((source) => source.account());
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#state = "stopped";
    this.#wake();
    clearInterval(this.#timer);
    clearTimeout(this.#pause);
    // Not close(): Deno 2.6 does not forgive a second one.
    this.#watcher?.[Symbol.dispose]();
    // A sink that never comes back is not waited for: nobody wants the rest any more.
    return Promise.resolve();
  }

  async #copy(source: Source, onBroken: () => void): Promise<void> {
    const buffer = new Uint8Array(CHUNK_BYTES);
    while (this.#state !== "stopped") {
      // Taken before the read: what is written after the read changes it.
      const wakes = this.#wakes;
      const last = this.#state === "finishing";
      if (last) source.findEnd();
      const bytes = source.read(buffer);
      if (!bytes) {
        if (last) return;
        if (this.#wakes === wakes) await new Promise<void>((resolve) => this.#wakers.add(resolve));
        continue;
      }
      try {
        await source.deliver(bytes);
      } catch {
        return onBroken();
      }
    }
  }

  async #listen(): Promise<void> {
    if (!this.#watcher) return;
    try {
      for await (const _event of this.#watcher) {
        this.#wake();
        // Not a wait for anything: QEMU writes in pieces of 32 KiB, and if each one cost an event, a read and a write,
        // the heap would grow faster than it is collected. Of the events that come meanwhile the watcher keeps at least
        // one.
        await new Promise<void>((resolve) => this.#pause = setTimeout(resolve, PAUSE_MS));
      }
    } catch {
      // A watcher that fails is as none: the safety net is slower, and enough.
    }
  }

  #wake(): void {
    this.#wakes++;
    // Here, because a copy may be waiting for its sink for hours.
    for (const source of this.#sources) source.shorten();
    for (const resolve of this.#wakers) resolve();
    this.#wakers.clear();
  }
}

/** One of the files, and how far it has been delivered. */
class Source {
  readonly #file: Deno.FsFile;
  readonly #sink: Sink;
  readonly #limitBytes: number;
  readonly #holdsAll: boolean;
  #endBytes = Infinity;
  #readBytes = 0;
  #deliveredBytes = 0;
  #removedBytes = 0;

  constructor(file: Deno.FsFile, sink: Sink, { limitBytes = Infinity, holdsAll = false }: FollowOptions) {
    this.#file = file;
    this.#sink = sink;
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
    const heldBytes = blocks * BLOCK_BYTES;
    if (size - heldBytes > HOLLOW_BYTES) this.#endBytes = heldBytes;
  }

  /** What there is to deliver next; undefined: nothing so far. */
  read(buffer: Uint8Array): Uint8Array | undefined {
    const most = Math.min(buffer.length, Math.min(this.#limitBytes, this.#endBytes) - this.#readBytes);
    const count = most > 0 ? this.#file.readSync(buffer.subarray(0, most)) : null;
    if (count === null) return undefined;
    this.#readBytes += count;
    return buffer.subarray(0, count);
  }

  async deliver(bytes: Uint8Array): Promise<void> {
    await this.#sink(bytes);
    this.#deliveredBytes += bytes.length;
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
    };
  }
}

/** Waits for all of them, whatever becomes of the others, and throws what the first one has thrown. */
async function allDone(promises: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(promises)) if (result.status === "rejected") throw result.reason;
}

function watch(folder: string): Deno.FsWatcher | undefined {
  try {
    return Deno.watchFs(folder, { recursive: false });
  } catch {
    // The host's inotify instances are used up; the safety net is slower, and enough.
    return undefined;
  }
}
