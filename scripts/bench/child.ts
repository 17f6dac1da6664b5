/**
 * The programs that are measured, each owned by its run: it ends with the run, however that ends.
 *
 * @module
 */

import { aborted, DeadlineError, settlesWithin, within } from "../../lib/base/deadline.ts";

/** A stopped berth needs at most 3 s for its VM. */
const TERM_GRACE_MS = 10_000;
const KILL_GRACE_MS = 10_000;
const SHELL_LIMIT_MS = 20_000;

/** A program to run. */
export interface Call {
  /** Names it in messages. */
  readonly what: string;
  readonly argv: readonly string[];
  /** The benchmark's own by default. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly limitMs: number;
}

/** What a run took; all times are moments of `performance.now()`. */
export interface Run {
  readonly startedMs: number;
  /** When it was reaped and its output was read. */
  readonly endedMs: number;
  readonly bytes: number;
  /** Of its output; the run's end if it had none. */
  readonly firstByteMs: number;
  readonly lastByteMs: number;
}

/** A child with a process group of its own: a Ctrl-C reaches the benchmark only, which ends its children itself. */
export class OwnedChild implements AsyncDisposable {
  readonly status: Promise<Deno.CommandStatus>;
  readonly #process: Deno.ChildProcess;

  constructor({ argv, cwd, env }: Pick<Call, "argv" | "cwd" | "env">) {
    this.#process = new Deno.Command("sh", {
      args: ["-c", 'exec setsid "$@"', "sh", ...argv],
      cwd,
      env: { ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.status = this.#process.status;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get stdout(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#process.stdout;
  }

  get stderr(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#process.stderr;
  }

  /** TERM, a while, KILL to the whole group. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (await settlesWithin(this.status, 0)) return;
    this.#process.kill("SIGTERM");
    if (await settlesWithin(this.status, TERM_GRACE_MS)) return;
    // The id is the group's for certain, because its leader is not reaped.
    await new Deno.Command("sh", { args: ["-c", 'kill -s KILL -- "-$1"', "sh", String(this.pid)] }).output();
    await within(this.status, KILL_GRACE_MS, `process ${this.pid} to be gone after SIGKILL`);
  }
}

/**
 * Runs a program, which must succeed.
 *
 * @param onStart is told its process id.
 * @throws {Error} with its last words when it fails; `signal`'s reason; a deadline's.
 */
export async function runTimed(call: Call, signal: AbortSignal, onStart?: (pid: number) => void): Promise<Run> {
  signal.throwIfAborted();
  using cancelled = aborted(signal);
  const startedMs = performance.now();
  await using child = new OwnedChild(call);
  onStart?.(child.pid);
  const words = new Response(child.stderr).text();
  const work = Promise.all([count(child.stdout), child.status, words]);
  // Disposal makes it settle, when nobody waits for it any more.
  work.catch(() => {});
  const stopped = cancelled.promise.then(() => Promise.reject(signal.reason));
  const late = async (error: unknown) => {
    if (!(error instanceof DeadlineError)) throw error;
    await child[Symbol.asyncDispose]();
    const said = await within(words, KILL_GRACE_MS, `the last words of ${call.what}`);
    throw new Error(`${error.message}, which said: ${said.trim().slice(-2000) || "nothing"}`, { cause: error });
  };
  const finished = within(Promise.race([work, stopped]), call.limitMs, call.what);
  const [output, { success, code }, said] = await finished.catch(late);
  if (!success) throw new Error(`${call.what}: failed with status ${code}: ${said.trim().slice(-2000)}`);
  const endedMs = performance.now();
  return { startedMs, endedMs, ...output, firstByteMs: output.firstByteMs ?? endedMs };
}

async function count(stream: ReadableStream<Uint8Array>) {
  let bytes = 0;
  let firstByteMs: number | undefined;
  let lastByteMs = 0;
  for await (const chunk of stream) {
    lastByteMs = performance.now();
    firstByteMs ??= lastByteMs;
    bytes += chunk.length;
  }
  return { bytes, firstByteMs, lastByteMs };
}

/** Runs a shell script that must succeed, soon, and returns its stdout. */
export async function shell(what: string, script: string, ...args: string[]): Promise<string> {
  await using child = new OwnedChild({ argv: ["sh", "-c", script, "sh", ...args] });
  const work = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.status]);
  work.catch(() => {});
  const [text, words, { success }] = await within(work, SHELL_LIMIT_MS, what);
  if (!success) throw new Error(`${what}: ${words.trim()}`);
  return text;
}
