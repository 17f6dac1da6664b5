/**
 * The programs of the test host: each ends with it, whatever happens to it.
 *
 * The task may run setpriv alone, which binds what it becomes to this process.
 *
 * @module
 */

import { BerthError } from "../../lib/base/errors.ts";
import type { ChildOptions } from "../../lib/process/child.ts";
import { planTie } from "../../lib/process/tie_to_parent.ts";
import { type ToolResult, tryToolWithin } from "../../lib/process/tool.ts";
import type { Bound } from "./wait.ts";

/** A program that runs to its end. */
export interface Script {
  /** For messages: "build the root image". */
  readonly what: string;
  /** Program and arguments. */
  readonly argv: readonly string[];
  /** Longest that it may take. */
  readonly limitMs: number;
}

/** A command line that the kernel ends with this process. */
export function planOwned(argv: readonly string[]): Pick<ChildOptions<string>, "command" | "args" | "name"> {
  const [command, ...args] = [...planTie(), ...argv];
  return { command, args, name: argv[0] };
}

/**
 * Runs a script to its end in PID and mount namespaces of its own.
 *
 * Whatever it has started or mounted goes with it, however it ends: killing `unshare` kills PID 1 of the
 * namespace, and with that the kernel ends all the rest. That is why there is no TERM first, which
 * `unshare --fork` would ignore anyway.
 *
 * @throws {BerthError} `process.failed` with its last words.
 */
export async function runScript(script: Script, bound: Bound): Promise<void> {
  const namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const argv = ["unshare", ...namespaces, "--propagation", "private", "--", ...planTalking(script.argv)];
  const { success, code, stderr } = await runOwned({ ...script, argv }, 0, bound);
  if (success) return;
  throw new BerthError("process.failed", `${script.what}: failed with status ${code}\n${stderr.trim()}`);
}

/** A command line that says all on standard error: of that the end is kept, of standard output the beginning. */
export function planTalking(argv: readonly string[]): string[] {
  return ["sh", "-c", 'exec "$@" >&2', "sh", ...argv];
}

/**
 * Runs a short program and returns its standard output, at most 1 MiB of it.
 *
 * @throws {BerthError} `process.failed` with its last words.
 */
export async function readOutput(script: Script, bound: Bound): Promise<string> {
  const { success, stdout, stderr } = await runOwned(script, 1_000, bound);
  if (success) return stdout;
  throw new BerthError("process.failed", `${script.what}: ${stderr.trim()}`);
}

async function runOwned({ what, argv, limitMs }: Script, graceMs: number, bound: Bound): Promise<ToolResult> {
  const limit = bound.limit(what, limitMs);
  // What reaches an archive goes the caller's way, proxies and certificates included.
  const tool = { ...planOwned(argv), graceMs, inheritsEnv: true, signal: bound.signal };
  return await tryToolWithin<string>(tool, limit.timeoutMs, limit.what);
}
