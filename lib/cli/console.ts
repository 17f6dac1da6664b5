/**
 * berth's own words, on standard error: one line each, with its name in front.
 *
 * @module
 */

import { BerthError, describeError } from "../base/errors.ts";
import { printable } from "../guest/protocol.ts";

const NEWLINE = 10;

/** Says things, in the user's terms. */
export class Console {
  readonly #quiet: boolean;
  readonly #paths: readonly (readonly [window: string, path: string])[];
  #inLine = false;

  /** @param paths windows and what they show: messages name what the user named. */
  constructor(quiet: boolean, paths: readonly (readonly [window: string, path: string])[] = []) {
    this.#quiet = quiet;
    this.#paths = paths.toSorted(([a], [b]) => b.length - a.length);
  }

  /** Told what the job has put on standard error: berth's own words begin a line, wherever the job's end. */
  follow(bytes: Uint8Array): void {
    this.#inLine = bytes.at(-1) !== NEWLINE;
  }

  /** Something worth knowing; not said when the user wants quiet. */
  note(message: string): void {
    if (!this.#quiet) this.#write(message);
  }

  /** What went wrong, and what to do. */
  error(error: unknown, hint = error instanceof BerthError ? error.hint : undefined): void {
    this.#write(describeError(error) + (hint ? ` (${hint})` : ""));
  }

  /** A text in the user's terms. */
  name(text: string): string {
    return this.#paths.reduce((named, [window, path]) => named.replaceAll(window, () => path), text);
  }

  #write(message: string): void {
    // Words of an image, of a tool or of a guest may stand in it: no terminal is to obey them.
    const lines = this.name(message).split("\n").map((line) => `berth: ${printable(line)}\n`).join("");
    writeAllSync(new TextEncoder().encode(this.#inLine ? `\n${lines}` : lines));
    this.#inLine = false;
  }
}

function writeAllSync(bytes: Uint8Array): void {
  try {
    for (let written = 0; written < bytes.length;) written += Deno.stderr.writeSync(bytes.subarray(written));
  } catch {
    // Nobody hears us: there is no other way to say so.
  }
}
