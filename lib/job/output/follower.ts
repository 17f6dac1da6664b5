/**
 * Follows the files that a VM writes its job's output into.
 *
 * The files are the truth: a slow reader slows nobody, and memory stays flat whatever the job prints.
 *
 * @module
 */

import { type Delivery, type FollowOptions, type Release, type Sink, Source } from "./source.ts";

const CHUNK_BYTES = 256 * 1024;
/** Looks without having been told, in case the host has no inotify watch left. */
const SAFETY_NET_MS = 250;
/** At most so often is looked because of what the watcher tells. */
const PAUSE_MS = 10;

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
   * @param sources open files of the folder, where each one's bytes go, and how what was delivered is given back.
   * @param onBroken is called when a sink does not take any more, with its error; that file's rest is dropped.
   */
  constructor(
    folder: string,
    sources: readonly (readonly [Deno.FsFile, Sink, Release?])[],
    onBroken: (error: unknown) => void,
    options: FollowOptions = {},
  ) {
    this.#sources = sources.map((source) => new Source(source, options));
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

  async #copy(source: Source, onBroken: (error: unknown) => void): Promise<void> {
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
      } catch (error) {
        source.giveUp(error);
        return onBroken(error);
      }
      await source.release();
    }
  }

  async #listen(): Promise<void> {
    if (!this.#watcher) return;
    try {
      for await (const _event of this.#watcher) {
        this.#wake();
        // Not a wait for anything: the VMM writes in pieces of 32 KiB, and if each one cost an event, a read and a write,
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
