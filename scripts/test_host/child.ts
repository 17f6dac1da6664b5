/**
 * A child process that is owned: it ends with its owner, whatever happens to the owner.
 *
 * @module
 */
import { settlesWithin } from "../../lib/base/deadline.ts";
import { TestHostError } from "./failure.ts";
import type { Bound } from "./wait.ts";

/** How long a killed process may take to be gone; the kernel needs milliseconds. */
const reapMs = 10_000;

/** How a child is started. */
export interface ChildOptions {
  /** Program and arguments. */
  readonly argv: readonly string[];
  /** How long it has after TERM; 0 goes straight to KILL. */
  readonly graceMs: number;
  /** Variables added to this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Gets each piece of standard output; without it both streams go to the tail. */
  readonly onStdout?: (chunk: Uint8Array) => void;
}

/** A running child with its last words. Disposal ends it and awaits its end. */
export interface OwnedChild extends AsyncDisposable {
  /** Resolves once the process is reaped and its pipes are closed by all who held them. */
  readonly ended: Promise<Deno.CommandStatus>;
  /** The end of what it wrote to standard error. */
  tail(): string;
}

/** The last bytes of a stream. */
class Tail {
  #text = "";
  readonly #decoder = new TextDecoder();

  push(chunk: Uint8Array): void {
    this.#text = (this.#text + this.#decoder.decode(chunk, { stream: true })).slice(-16_384);
  }

  get text(): string {
    return this.#text;
  }
}

async function drain(stream: ReadableStream<Uint8Array>, sink: (chunk: Uint8Array) => void) {
  for await (const chunk of stream) sink(chunk);
}

/**
 * Starts a child.
 *
 * `setpriv --pdeathsig` has the kernel kill it if this process dies without disposing of it.
 */
export function spawnChild(options: ChildOptions): OwnedChild {
  const child = new Deno.Command("setpriv", {
    args: ["--pdeathsig", "KILL", "--", ...options.argv],
    env: options.env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const tail = new Tail();
  const toTail = (chunk: Uint8Array) => tail.push(chunk);
  const ended = Promise.all([
    child.status,
    drain(child.stdout, options.onStdout ?? toTail),
    drain(child.stderr, toTail),
  ]).then(([status]) => status);
  ended.catch(() => {}); // who waits for it gets the error; nobody has to
  const stop = async () => {
    if (options.graceMs > 0) {
      signalChild(child, "SIGTERM");
      if (await settlesWithin(ended, options.graceMs)) return;
    }
    signalChild(child, "SIGKILL");
    if (!await settlesWithin(ended, reapMs)) {
      throw new TestHostError(`${options.argv[0]}: not gone ${reapMs / 1000} s after SIGKILL`);
    }
  };
  let stopping: Promise<void> | undefined;
  return {
    ended,
    tail: () => tail.text,
    [Symbol.asyncDispose]: () => stopping ??= stop(),
  };
}

function signalChild(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // Already reaped: that is what the signal was for.
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** What {@linkcode runScript} runs. */
export interface Script {
  /** For messages: "build the root image". */
  readonly what: string;
  /** Program and arguments. */
  readonly argv: readonly string[];
  /** Longest that it may take. */
  readonly limitMs: number;
}

/**
 * Runs a script to its end in PID and mount namespaces of its own.
 *
 * Whatever it has started or mounted goes with it, however it ends: killing `unshare` kills PID 1 of the
 * namespace, and with that the kernel ends all the rest. That is why there is no TERM first, which
 * `unshare --fork` would ignore anyway.
 *
 * @throws {TestHostError} with its last words, if it fails
 */
export async function runScript(script: Script, bound: Bound): Promise<void> {
  const namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const argv = ["unshare", ...namespaces, "--propagation", "private", "--", ...script.argv];
  await using child = spawnChild({ argv, graceMs: 0 });
  const status = await bound.wait(script.what, child.ended, script.limitMs);
  if (!status.success) {
    throw new TestHostError(`${script.what}: failed with status ${status.code}\n${child.tail()}`);
  }
}

/**
 * Runs a short program and returns its standard output.
 *
 * @throws {TestHostError} with its last words, if it fails
 */
export async function readOutput(script: Script, bound: Bound): Promise<string> {
  let output = "";
  const decoder = new TextDecoder();
  const onStdout = (chunk: Uint8Array) => {
    output += decoder.decode(chunk, { stream: true });
  };
  await using child = spawnChild({ argv: script.argv, graceMs: 1_000, onStdout });
  const status = await bound.wait(script.what, child.ended, script.limitMs);
  if (!status.success) throw new TestHostError(`${script.what}: ${child.tail().trim()}`);
  return output;
}
