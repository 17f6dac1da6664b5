/**
 * What a suite of `deno test` is at, from what it prints. Pure, but for what it remembers.
 *
 * @module
 */

/** What a suite counted. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  /** Those whose needs are missing. */
  readonly ignored: number;
}

/** A test that has ended, and how long it took. */
export interface Timed {
  readonly name: string;
  readonly seconds: number;
}

/** Kept of a line: names are short, and a test may print without end. */
const LINE_LENGTH = 4096;

/** `name ... ok (1m2s)`; a test that prints has its result on a line that begins with its name once more. */
const RESULT = /^(.+?) \.\.\. (?:ok|FAILED) \((?:(\d+)m)?(?:(\d+)s|(\d+)ms|\d+µs)?\)$/;
/** The rest of that line, of a test, or a step of it, of which Deno has said meanwhile how long it runs. */
const LATE = /^ (?:ok|FAILED) \((?:(\d+)m)?(?:(\d+)s)?\)$/;
const SUMMARY = /(\d+) passed(?: \(\d+ steps?\))?(?:,| \|) (\d+) failed(?: \| (\d+) ignored)?/;

/** The test that begins on such a line; its steps have their name further in. */
function begunBy(line: string): string | undefined {
  return /^(\S.*?) \.\.\.\s*(?:'.*' has been running for over \(.*\))?$/.exec(line)?.[1];
}

/** Follows the output of a suite, piece by piece. */
export class Progress {
  /** The test that is on; undefined between two of them. */
  current: string | undefined;
  readonly timed: Timed[] = [];
  #line = "";
  #counts: Counts = { passed: 0, failed: 0, ignored: 0 };

  add(text: string): void {
    const lines = (this.#line + text).split("\n");
    this.#line = lines.pop()!.slice(-LINE_LENGTH);
    for (const line of lines) this.#take(line);
    // Deno ends the line of a test with its result only.
    this.current = begunBy(this.#line) ?? this.current;
  }

  #take(line: string): void {
    const name = begunBy(line);
    if (name) this.current = name;
    const result = RESULT.exec(line);
    if (result && !line.startsWith(" ")) {
      const [, ended, minutes = "0", seconds = "0", millis = "0"] = result;
      this.#end(ended, Number(minutes) * 60 + Number(seconds) + Number(millis) / 1000);
      this.current = undefined;
    }
    const late = LATE.exec(line);
    // Of a step, until the test's own line comes.
    if (late && this.current) this.#end(this.current, Number(late[1] ?? 0) * 60 + Number(late[2] ?? 0));
    const summary = SUMMARY.exec(line);
    if (!summary) return;
    // The plain line comes after Deno's, and has no third number.
    const [, passed, failed, ignored = this.#counts.ignored] = summary;
    this.#counts = { passed: Number(passed), failed: Number(failed), ignored: Number(ignored) };
  }

  #end(name: string, seconds: number): void {
    if (this.timed.at(-1)?.name === name) this.timed.pop();
    this.timed.push({ name, seconds });
  }

  /** As the last summary says: Deno's own (`ok | 3 passed | 1 failed`), or the plain line. */
  get counts(): Counts {
    this.add("\n");
    return this.#counts;
  }
}
