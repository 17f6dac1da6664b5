/**
 * Tools that end with berth, however berth ends. Pure.
 *
 * @module
 */

import type { Command } from "./launch.ts";

/**
 * The command line of such a tool: the kernel kills it when berth is killed. Without that it would go on to write into
 * a folder that the next berth takes for abandoned.
 */
export function planTied(command: string, args: readonly string[]): Command {
  // busybox would run its own setpriv, which can't bind a process to its parent.
  const script = 'exec /usr/bin/setpriv --pdeathsig KILL -- "$@"';
  return { command: "sh", args: ["-c", script, "berth-tied", command, ...args] };
}

/** Whether such a tool ended because there is no program of that name: setpriv's way to say so. */
export function isMissing(code: number, stderr: string): boolean {
  return code === 127 && /failed to execute .*: No such file/.test(stderr);
}
