/**
 * Programs that run to their end and whose words matter only when they fail.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { DeadlineError, settlesWithin } from "../base/deadline.ts";
import { type Child, type ChildOptions, programMissing, startChild } from "./child.ts";
import type { Program } from "../host/permissions.ts";
import { isMissing, planTied } from "./tie_to_parent.ts";

/** How much of a tool's output is kept for its error, or returned. */
const KEPT_BYTES = 16 * 1024;
const STDOUT_LIMIT_BYTES = 1024 * 1024;
/** How long what a stopped tool has started may take to end. */
const LEFT_BEHIND_MS = 2000;

/** A tool that ends with berth, however berth ends: for whatever writes where the next berth tidies up. */
interface Tied {
  readonly tied: true;
  /** A shell starts it. */
  readonly command: string;
}

/** A tool that is one of the programs that may be started, and may outlive berth. */
interface Untied<P extends string> {
  readonly tied?: false;
  readonly command: P;
}

/** Run of a tool. `P` names the programs that may be started, as in {@linkcode ChildOptions}. */
export type ToolOptions<P extends string = Program> = (Tied | Untied<P>) & SharedOptions;

type SharedOptions = Omit<ChildOptions, "command" | "stdout" | "stderr" | "stdin"> & {
  /** Ends the tool and rejects with the signal's reason; with a DeadlineError when the tool outlives its KILL. */
  readonly signal?: AbortSignal;
  /** Called with each line of the tool's stderr, for progress. */
  readonly onLine?: (line: string) => void;
  readonly stdin?: ReadableStream<Uint8Array<ArrayBuffer>>;
};

/** End of a tool. */
export interface ToolResult {
  readonly success: boolean;
  readonly code: number;
  /** At most 1 MiB of it. */
  readonly stdout: string;
  /** Its last 16 KiB. */
  readonly stderr: string;
}

/** Runs a tool to its end, whatever its exit status. */
export async function tryTool<P extends string = Program>(options: ToolOptions<NoInfer<P>>): Promise<ToolResult> {
  const { signal, onLine, stdin, args, cwd, env, inheritsEnv, leadsGroup, graceMs, killMs } = options;
  signal?.throwIfAborted();
  await using process = startChild<P | Program>({
    ...(options.tied ? planTied(options.command, args) : { command: options.command, args }),
    ...{ cwd, env, inheritsEnv, leadsGroup, graceMs, killMs, name: options.name ?? options.command },
    stdin: stdin ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
  });
  const output = [readText(process.stdout), readText(process.stderr)] as const;
  const outlived = Promise.withResolvers<never>();
  const stop = () => void stopTool(process, output).catch(outlived.reject);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const ended = Promise.all([
      collectHead(output[0].chunks),
      collectTail(output[1].chunks, onLine),
      process.status,
      // A tool that ends before it has read everything breaks the pipe: its exit status says why.
      stdin?.pipeTo(process.stdin).catch((error) => {
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      }),
    ]);
    const [stdout, stderr, { success, code }] = await Promise.race([ended, outlived.promise]);
    signal?.throwIfAborted();
    if (options.tied && isMissing(code, stderr)) throw programMissing(options.command);
    return { success, code, stdout, stderr };
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/**
 * Runs a tool that is to be quick, whatever its exit status; `signal` ends it, too.
 *
 * @param what names it, for when it is not.
 * @throws {DeadlineError} then.
 */
export async function tryToolWithin<P extends string = Program>(
  options: ToolOptions<NoInfer<P>>,
  timeoutMs: number,
  what: string,
): Promise<ToolResult> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new DeadlineError(what, timeoutMs)), timeoutMs);
  try {
    const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
    return await tryTool<P>({ ...options, signal });
  } finally {
    clearTimeout(timer);
  }
}

/** Ends a tool, and waits a while for what it has started: whatever of that lives holds the tool's output open. */
async function stopTool(process: Child, output: readonly Output[]): Promise<void> {
  const ended = Promise.all(output.map((one) => one.ended));
  try {
    await process.stop();
    await settlesWithin(ended, LEFT_BEHIND_MS);
  } finally {
    for (const one of output) one.cancel();
  }
}

/** Runs a tool that must succeed, and returns its stdout. @throws {BerthError} `process.failed` with its last words. */
export async function runTool(options: ToolOptions): Promise<string> {
  const result = await tryTool(options);
  if (result.success) return result.stdout;
  if (result.stderr.includes("No space left on device")) {
    throw new BerthError("host.disk-full", `${options.command}: no space left on the disk`);
  }
  const words = result.stderr.trim() || result.stdout.trim().slice(-KEPT_BYTES);
  throw new BerthError("process.failed", `${options.command} ended with status ${result.code}: ${words}`);
}

/** A tool's output as text, which can be given up. */
interface Output {
  readonly chunks: AsyncIterable<string>;
  readonly ended: Promise<void>;
  cancel(): void;
}

function readText(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Output {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  async function* chunks() {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      yield decoder.decode(read.value, { stream: true });
    }
  }
  return { chunks: chunks(), ended: reader.closed, cancel: () => void reader.cancel().catch(() => {}) };
}

async function collectHead(chunks: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const chunk of chunks) {
    if (text.length < STDOUT_LIMIT_BYTES) text += chunk;
  }
  return text.slice(0, STDOUT_LIMIT_BYTES);
}

/** End of a text that comes in pieces: its last 16 Ki characters. */
export async function collectTail(chunks: AsyncIterable<string>, onLine?: (line: string) => void): Promise<string> {
  let tail = "";
  let line = "";
  for await (const chunk of chunks) {
    tail = (tail + chunk).slice(-KEPT_BYTES);
    if (!onLine) continue;
    const lines = (line + chunk).split("\n");
    line = lines.pop()!.slice(-KEPT_BYTES);
    lines.forEach(onLine);
  }
  if (line) onLine?.(line);
  return tail;
}
