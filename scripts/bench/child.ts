/**
 * The programs that are measured, each owned by its run: it ends with the run, however that ends. What they inherit is
 * the caller's, as a user's berth would have it.
 *
 * @module
 */

import { DeadlineError, orAborted, within } from "../../lib/base/deadline.ts";
import { type Child, startChild } from "../../lib/process/child.ts";
import { collectTail, tryToolWithin } from "../../lib/process/tool.ts";

/** A stopped berth needs at most 3 s for its VM. */
const GRACE_MS = 10_000;
/** Time for the last words of a program that was stopped. */
const WORDS_MS = 10_000;
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

/** Starts a program in a process group of its own: a Ctrl-C reaches the benchmark only, which ends its children itself. */
export function startOwned({ argv, cwd, env }: Pick<Call, "argv" | "cwd" | "env">): Child {
  return startChild({ ...planGroup(argv), cwd, env, graceMs: GRACE_MS, stdout: "piped", stderr: "piped" });
}

function planGroup(argv: readonly string[]) {
  const args = ["-c", 'exec setsid "$@"', "sh", ...argv];
  return { command: "sh", args, name: argv[0], leadsGroup: true, inheritsEnv: true } as const;
}

/**
 * Runs a program, which must succeed.
 *
 * @param onStart is told its process id.
 * @throws {Error} with its last words when it fails; `signal`'s reason; a deadline's.
 */
export async function runTimed(call: Call, signal: AbortSignal, onStart?: (pid: number) => void): Promise<Run> {
  signal.throwIfAborted();
  const startedMs = performance.now();
  await using child = startOwned(call);
  onStart?.(child.pid);
  const words = collectTail(child.stderr.pipeThrough(new TextDecoderStream()));
  const work = Promise.all([count(child.stdout), child.status, words]);
  // Disposal makes it settle, when nobody waits for it any more.
  work.catch(() => {});
  const late = async (error: unknown) => {
    if (!(error instanceof DeadlineError)) throw error;
    await child[Symbol.asyncDispose]();
    const said = await within(words, WORDS_MS, `the last words of ${call.what}`);
    throw new Error(`${error.message}, which said: ${said.trim().slice(-2000) || "nothing"}`, { cause: error });
  };
  const [output, { success, code }, said] = await within(orAborted(work, signal), call.limitMs, call.what).catch(late);
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
  const tool = { ...planGroup(["sh", "-c", script, "sh", ...args]), graceMs: GRACE_MS };
  const { success, stdout, stderr } = await tryToolWithin(tool, SHELL_LIMIT_MS, what);
  if (!success) throw new Error(`${what}: ${stderr.trim()}`);
  return stdout;
}
