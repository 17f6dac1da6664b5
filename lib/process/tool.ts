/**
 * Programs that run to their end and whose words matter only when they fail.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { DeadlineError, settlesWithin } from "../base/deadline.ts";
import { type Child, type ChildOptions, programMissing, startChild } from "./child.ts";
import type { Program } from "../host/permissions.ts";
import { isMissing, planTied } from "./tied.ts";

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

/** Another one. */
interface Untied {
  readonly tied?: false;
  readonly command: Program;
}

/** How to run a tool. */
export type ToolOptions = (Tied | Untied) & Omit<ChildOptions, "command" | "stdout" | "stderr" | "stdin"> & {
  /** Ends the tool and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called with each line of the tool's stderr, for progress. */
  readonly onLine?: (line: string) => void;
  readonly stdin?: ReadableStream<Uint8Array<ArrayBuffer>>;
};

/** How a tool ended. */
export interface ToolResult {
  readonly success: boolean;
  readonly code: number;
  /** At most 1 MiB of it. */
  readonly stdout: string;
  /** Its last 16 KiB. */
  readonly stderr: string;
}

/** Runs a tool to its end, whatever its exit status. */
export async function tryTool(options: ToolOptions): Promise<ToolResult> {
  const { signal, onLine, stdin, args, cwd, env, leadsGroup } = options;
  signal?.throwIfAborted();
  await using process = startChild({
    ...(options.tied ? planTied(options.command, args) : { command: options.command, args }),
    ...{ cwd, env, leadsGroup },
    stdin: stdin ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
  });
  const output = [readText(process.stdout), readText(process.stderr)] as const;
  const stop = () => void stopTool(process, output);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const [stdout, stderr] = await Promise.all([
      collectHead(output[0].chunks),
      collectTail(output[1].chunks, onLine),
      // A tool that ends before it has read everything breaks the pipe: its exit status says why.
      stdin?.pipeTo(process.stdin).catch((error) => {
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      }),
    ]);
    const { success, code } = await process.status;
    signal?.throwIfAborted();
    if (options.tied && isMissing(code, stderr)) throw programMissing(options.command);
    return { success, code, stdout, stderr };
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/**
 * The same, for a tool that is to be quick; `signal` ends it, too.
 *
 * @param what names it, for when it is not.
 * @throws {DeadlineError} then.
 */
export async function tryToolWithin(options: ToolOptions, timeoutMs: number, what: string): Promise<ToolResult> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new DeadlineError(what, timeoutMs)), timeoutMs);
  try {
    const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
    return await tryTool({ ...options, signal });
  } finally {
    clearTimeout(timer);
  }
}

/** Ends a tool, and waits a while for what it has started: whatever of that lives holds the tool's output open. */
async function stopTool(process: Child, output: readonly Output[]): Promise<void> {
  await process.stop();
  const ended = Promise.all(output.map((one) => one.ended));
  if (!await settlesWithin(ended, LEFT_BEHIND_MS)) { for (const one of output) one.cancel(); }
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
  return { chunks: chunks(), ended: reader.closed, cancel: () => void reader.cancel() };
}

async function collectHead(chunks: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const chunk of chunks) {
    if (text.length < STDOUT_LIMIT_BYTES) text += chunk;
  }
  return text.slice(0, STDOUT_LIMIT_BYTES);
}

async function collectTail(chunks: AsyncIterable<string>, onLine?: (line: string) => void): Promise<string> {
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
