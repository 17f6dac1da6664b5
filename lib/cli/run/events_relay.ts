/**
 * Descriptor of `--events`: what is told of a job, as lines of JSON, on the way to the caller's descriptor: see relay.sh.
 *
 * @module
 */

import { settlesWithin, within } from "../../base/deadline.ts";
import { formatBytes } from "../../base/units.ts";
import { writeAll } from "../../base/write_all.ts";
import type { Told } from "../../job/events.ts";
import { encodeEvent, type EventsOptions } from "./events_file.ts";

/** Time that the relay has to be there, milliseconds: it is started before the host process is. */
const OPEN_MS = 30_000;
/** What waits for the reader at most: some 10,000 lines, so it stands still. */
const MOST_WAITING_BYTES = 1024 ** 2;
/** How long the reader may take for what is left when the job is over. */
const PATIENCE_MS = 10_000;
/** The same when somebody wants berth gone. */
const PARTING_MS = 1000;

/** How a relay is written to, and closed. */
export interface RelayOptions extends EventsOptions {
  /** From this signal on the reader gets a moment only to take what is still to be written. */
  readonly hurry: AbortSignal;
  /** For tests. */
  readonly patienceMs?: number;
}

/**
 * Open relay of events. Nobody waits for its reader while the job lives: what is not taken waits here, up to a bound.
 * Disposing waits until everything has reached the caller's descriptor, up to a bound as well, and closes it.
 */
export class EventsRelay implements AsyncDisposable {
  readonly #options: RelayOptions;
  readonly #fifo: Deno.FsFile;
  /** It ends when the relay does. */
  readonly #end: Deno.FsFile;
  #written: Promise<void> = Promise.resolve();
  #waitingBytes = 0;
  #isBroken = false;

  private constructor(fifo: Deno.FsFile, end: Deno.FsFile, options: RelayOptions) {
    [this.#fifo, this.#end, this.#options] = [fifo, end, options];
  }

  /** Opens it. @param path the FIFO. @throws {DeadlineError} when there is nobody at its other end. */
  static async open(path: string, options: RelayOptions): Promise<EventsRelay> {
    const open = async (file: string, how: Deno.OpenOptions) =>
      await within(Deno.open(file, how), OPEN_MS, "the way to the descriptor of --events");
    using opened = new DisposableStack();
    const fifo = opened.use(await open(path, { write: true }));
    const relay = new EventsRelay(fifo, await open(`${path}.end`, { read: true }), options);
    opened.move();
    return relay;
  }

  /** Takes an event. Its line is written whole, or not at all. */
  readonly tell = (event: Told): void => {
    if (this.#isBroken) return;
    const bytes = encodeEvent(event, this.#options.nameOf);
    if (this.#waitingBytes + bytes.length > MOST_WAITING_BYTES) {
      return this.#break(new Error(`their reader has ${formatBytes(this.#waitingBytes)} of them to take first`));
    }
    this.#waitingBytes += bytes.length;
    this.#written = this.#written.then(() => writeAll(this.#fifo, bytes)).then(() => {
      this.#waitingBytes -= bytes.length;
    });
    this.#written.catch((error) => this.#break(error));
  };

  async [Symbol.asyncDispose](): Promise<void> {
    const { hurry, patienceMs = PATIENCE_MS } = this.#options;
    const delivered = this.#deliver();
    if (await settlesWithin(delivered, patienceMs, hurry)) return;
    if (hurry.aborted && await settlesWithin(delivered, PARTING_MS)) return;
    this.#break(new Error("nobody took the last of them in time"));
  }

  /** Ends when the relay has. */
  async #deliver(): Promise<void> {
    await this.#written.catch(() => {});
    this.#fifo.close();
    while (await this.#end.read(new Uint8Array(1)) !== null);
    this.#end.close();
  }

  #break(error: unknown): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#options.onBroken(error);
  }
}
