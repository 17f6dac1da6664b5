/**
 * File of `--events`: what is told of a job, as lines of JSON, while it is told.
 *
 * @module
 */

import { toJson } from "../terminal/json.ts";
import type { Told } from "../../job/events.ts";

/** What events are written with. */
export interface EventsOptions {
  /** Gives texts the paths that the user knows. */
  nameOf(text: string): string;
  /** Is told, once, why nothing more is written: a job does not end for that. */
  onBroken(error: unknown): void;
}

/** An event as a line. Pure. */
export function encodeEvent(event: Told, nameOf: EventsOptions["nameOf"]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(toJson(event, undefined, nameOf) + "\n");
}

/** Open file of events. Disposing closes it. */
export class EventsFile implements Disposable {
  readonly #options: EventsOptions;
  #file: Deno.FsFile | undefined;

  /** Opens the file, and empties it. */
  constructor(path: string, options: EventsOptions) {
    this.#options = options;
    this.#file = Deno.openSync(path, { write: true, truncate: true });
  }

  /** Writes an event. A line is there whole, or not yet: readers go by the line break. */
  readonly tell = (event: Told): void => {
    if (!this.#file) return;
    const bytes = encodeEvent(event, this.#options.nameOf);
    try {
      for (let written = 0; written < bytes.length;) written += this.#file.writeSync(bytes.subarray(written));
    } catch (error) {
      this[Symbol.dispose]();
      this.#options.onBroken(error);
    }
  };

  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = undefined;
  }
}
