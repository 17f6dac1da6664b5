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

/** Where output goes. Must take all of the bytes. */
export type Sink = (bytes: Uint8Array) => Promise<void>;

/** Copies what is appended to some files of one folder. Disposing stops; {@linkcode finish} delivers everything. */
export class OutputFollower implements AsyncDisposable {
  readonly #watcher: Deno.FsWatcher | undefined;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #wakers = new Set<() => void>();
  readonly #copies: Promise<void>;
  #wakes = 0;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #state: "following" | "finishing" | "stopped" = "following";

  /**
   * @param sources open files of the folder, and where each one's bytes go.
   * @param onBroken is called when a sink does not take any more; that file's rest is dropped.
   */
  constructor(folder: string, sources: readonly (readonly [Deno.FsFile, Sink])[], onBroken: () => void) {
    this.#watcher = watch(folder);
    void this.#listen();
    this.#timer = setInterval(() => this.#wake(), SAFETY_NET_MS);
    this.#copies = Promise.all(sources.map(([file, sink]) => this.#copy(file, sink, onBroken))).then(() => {});
    this.#copies.catch(() => {});
  }

  /** Delivers what is in the files by now, and ends. Call it when nobody writes them any more. */
  async finish(): Promise<void> {
    if (this.#state === "following") this.#state = "finishing";
    this.#wake();
    await this.#copies;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#state = "stopped";
    this.#wake();
    clearInterval(this.#timer);
    clearTimeout(this.#pause);
    this.#watcher?.close();
    // A sink that never comes back is not waited for: nobody wants the rest any more.
    return Promise.resolve();
  }

  async #copy(file: Deno.FsFile, sink: Sink, onBroken: () => void): Promise<void> {
    const buffer = new Uint8Array(CHUNK_BYTES);
    while (this.#state !== "stopped") {
      // Taken before the read: what is written after the read changes it.
      const wakes = this.#wakes;
      const last = this.#state === "finishing";
      const count = file.readSync(buffer);
      if (count === null) {
        if (last) return;
        if (this.#wakes === wakes) await new Promise<void>((resolve) => this.#wakers.add(resolve));
        continue;
      }
      try {
        await sink(buffer.subarray(0, count));
      } catch {
        return onBroken();
      }
    }
  }

  async #listen(): Promise<void> {
    if (!this.#watcher) return;
    for await (const _event of this.#watcher) {
      this.#wake();
      // Not a wait for anything: QEMU writes in pieces of 32 KiB, and if each one cost an event, a read and a write, the
      // heap would grow faster than it is collected. Of the events that come meanwhile the watcher keeps at least one.
      await new Promise<void>((resolve) => this.#pause = setTimeout(resolve, PAUSE_MS));
    }
  }

  #wake(): void {
    this.#wakes++;
    for (const resolve of this.#wakers) resolve();
    this.#wakers.clear();
  }
}

function watch(folder: string): Deno.FsWatcher | undefined {
  try {
    return Deno.watchFs(folder, { recursive: false });
  } catch {
    // The host's inotify instances are used up; the safety net is slower, and enough.
    return undefined;
  }
}
