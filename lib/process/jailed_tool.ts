/**
 * Tools that touch what others than berth own: in a jail, where a link leads to nothing of the host, wherever that can be.
 *
 * @module
 */

import { type JailPlan, planJail } from "./jail.ts";
import { runTool, type ToolResult, tryTool } from "./tool.ts";
import { planTie } from "./tie_to_parent.ts";
import { jailOptionsOf, type ToolFilter, type ToolJail } from "./tool_jail.ts";

/** Tool, its view of the host, and its jail. */
export interface JailedTool {
  readonly argv: readonly string[];
  readonly view: Pick<JailPlan, "readOnly" | "writable"> & Partial<Pick<JailPlan, "capabilities" | "cwd">>;
  /** Absent: there is none. The tool ends with berth all the same. */
  readonly jail?: ToolJail;
  /** What it may beside what each may; default nothing. */
  readonly filter?: ToolFilter;
  readonly signal?: AbortSignal;
}

/** Runs a tool in its jail to its end, whatever its exit status. */
export async function tryJailedTool(tool: JailedTool): Promise<ToolResult> {
  return await tryTool(optionsOf(tool));
}

/**
 * Runs a tool in its jail that must succeed, and returns its stdout. @throws {BerthError} `process.failed` with its
 * last words.
 */
export async function runJailedTool(tool: JailedTool): Promise<string> {
  return await runTool(optionsOf(tool));
}

/** A group of its own: when it is stopped, so is all that the jail has started. */
function optionsOf({ argv, view, jail, filter = "plain", signal }: JailedTool) {
  const around = jail ? planJail({ cwd: "/", ...view, ...jailOptionsOf(jail, filter) }) : ["setsid", ...planTie()];
  const [command, ...args] = [...around, ...argv];
  return { command: command as "setsid", args, leadsGroup: true, signal } as const;
}
