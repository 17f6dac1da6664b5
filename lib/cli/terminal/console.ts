/**
 * berth's own words, on standard error: one line each, with its name in front.
 *
 * @module
 */

import { aborted, settlesWithin } from "../../base/deadline.ts";
import { BerthError, describeError } from "../../base/errors.ts";
import { writeAll } from "../../base/write_all.ts";
import { printable } from "../../base/bytes_text.ts";

const NEWLINE = 10;
/** Notes are left out while more than this waits for the reader: some 10,000 lines, so it stands still. */
const MOST_WAITING_CHARS = 1024 ** 2;
/** How long the reader may take when somebody wants berth gone. */
const PARTING_MS = 200;

/**
 * Says things, in the user's terms and in their order. Nobody waits for the reader meanwhile: a full pipe must not keep
 * berth from hearing a signal. Disposing waits until everything is said.
 */
export class Console implements AsyncDisposable {
  readonly #quiet: boolean;
  readonly #paths: readonly (readonly [window: string, path: string])[];
  #said: Promise<void> = Promise.resolve();
  #waitingChars = 0;
  #leftOut = 0;
  #inLine = false;
  #hurry = new AbortController().signal;

  /** @param paths windows and what they show: messages name what the user named. */
  constructor(quiet: boolean, paths: readonly (readonly [window: string, path: string])[] = []) {
    this.#quiet = quiet;
    this.#paths = paths.toSorted(([a], [b]) => b.length - a.length);
  }

  /** From this signal on the reader gets a moment only to take what is still to be said. */
  hurryOn(signal: AbortSignal): void {
    this.#hurry = signal;
  }

  /**
   * Passes the job's own words on as they are, and waits until they are taken. berth's own words begin a line, wherever
   * the job's end.
   *
   * @throws when standard error takes no more.
   */
  async pass(bytes: Uint8Array, onWritten?: (count: number) => void): Promise<void> {
    await this.#enqueue(async () => {
      await writeAll(Deno.stderr, bytes, onWritten);
      this.#inLine = bytes.at(-1) !== NEWLINE;
    });
  }

  /** Something worth knowing; not said when the user wants quiet. */
  note(message: string): void {
    if (this.#quiet) return;
    if (this.#waitingChars < MOST_WAITING_CHARS) this.#say(message);
    else this.#leaveOut();
  }

  /** What went wrong, and what to do. */
  error(error: unknown, hint = error instanceof BerthError ? error.hint : undefined): void {
    this.#say(describeError(error) + (hint ? ` (${hint})` : ""));
  }

  /** A text in the user's terms. */
  name(text: string): string {
    return this.#paths.reduce((named, [window, path]) => named.replaceAll(window, () => path), text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    using hurried = aborted(this.#hurry);
    await Promise.race([this.#said, hurried.promise.then(() => settlesWithin(this.#said, PARTING_MS))]);
  }

  #say(message: string): void {
    this.#waitingChars += message.length;
    void this.#enqueue(async () => {
      await this.#write(message);
      this.#waitingChars -= message.length;
    });
  }

  /** Says how many there were, in the place of all of them. */
  #leaveOut(): void {
    if (this.#leftOut++ > 0) return;
    void this.#enqueue(async () => {
      const count = this.#leftOut;
      this.#leftOut = 0;
      await this.#write(`notes that are left out here, because nobody took them in time: ${count}`);
    });
  }

  #enqueue(write: () => Promise<void>): Promise<void> {
    const written = this.#said.then(write);
    this.#said = written.catch(() => {});
    return written;
  }

  async #write(message: string): Promise<void> {
    // Words of an image, of a tool or of a guest may stand in it: no terminal is to obey them.
    const lines = this.name(message).split("\n").map((line) => `berth: ${printable(line)}\n`).join("");
    const bytes = new TextEncoder().encode(this.#inLine ? `\n${lines}` : lines);
    this.#inLine = false;
    try {
      await writeAll(Deno.stderr, bytes);
    } catch {
      // Nobody hears us: there is no other way to say so.
    }
  }
}
