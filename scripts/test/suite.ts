/**
 * A suite that runs, and has an owner: whatever ends it, nothing that it has started is left.
 *
 * @module
 */

import { settlesWithin } from "../../lib/base/deadline.ts";
import { Progress } from "./progress.ts";

/** What runs, and for how long at most. */
export interface RunnableSuite {
  readonly command: readonly string[];
  readonly limitMs: number;
}

/** How a suite ended. */
export interface SuiteEnd {
  readonly code: number;
  readonly progress: Progress;
  /** Why it was ended before its time. */
  readonly cut?: string;
}

/**
 * In namespaces of its own, all that it starts and mounts ends with the first process in them, whoever kills that; and
 * that one ends with this process, however this ends. A user who is not root has none, and gets the time to tidy up.
 */
const CONFINED = "exec setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child --mount-proc " +
  // A shell is the first process, as one that waits takes in whoever has lost its parent.
  `--propagation private -- sh -c '"$@"; exit "$?"' sh "$@" 2>&1`;
const GROUP = 'exec setsid "$@" 2>&1';
/** A job that is cancelled is over by then, what it hands over included. */
const GRACE_MS = 15_000;
const LEFT_BEHIND_MS = 2000;

/**
 * Runs a suite, passing its output on as it comes.
 *
 * @param stop ends it; the reason is a word for people.
 */
export async function runSuite(
  suite: RunnableSuite,
  isRoot: boolean,
  stop: AbortSignal,
  write: (chunk: Uint8Array) => Promise<unknown>,
): Promise<SuiteEnd> {
  const ended = AbortSignal.any([stop, AbortSignal.timeout(suite.limitMs)]);
  const progress = new Progress();
  if (ended.aborted) return { code: 1, progress, cut: wordsOf(ended, suite) };
  const child = new Deno.Command("sh", {
    args: ["-c", isRoot ? CONFINED : GROUP, "sh", ...suite.command],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const end = () => void endChild(child, isRoot);
  ended.addEventListener("abort", end);
  const reader = child.stdout.getReader();
  const copied = copy(reader, progress, write);
  const { code } = await child.status;
  // What it has left behind may hold its output open.
  if (!await settlesWithin(copied, LEFT_BEHIND_MS)) await reader.cancel();
  await copied;
  ended.removeEventListener("abort", end);
  return { code, progress, cut: ended.aborted ? wordsOf(ended, suite) : undefined };
}

async function copy(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  progress: Progress,
  write: (chunk: Uint8Array) => Promise<unknown>,
): Promise<void> {
  const decoder = new TextDecoder();
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    await write(read.value);
    progress.add(decoder.decode(read.value, { stream: true }));
  }
}

function wordsOf(ended: AbortSignal, { limitMs }: RunnableSuite): string {
  return ended.reason instanceof DOMException ? `it was not through after ${limitMs / 60_000} minutes` : ended.reason;
}

async function endChild(child: Deno.ChildProcess, isConfined: boolean): Promise<void> {
  const signal = (name: "TERM" | "KILL") => {
    const args = ["-c", 'kill -s "$1" -- "$2" 2>/dev/null', "sh", name, isConfined ? `${child.pid}` : `-${child.pid}`];
    new Deno.Command("sh", { args }).outputSync();
  };
  if (isConfined) return signal("KILL");
  signal("TERM");
  const timer = setTimeout(() => signal("KILL"), GRACE_MS);
  await child.status;
  clearTimeout(timer);
}
