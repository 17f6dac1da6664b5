/**
 * Programs that end with berth, however berth ends. Pure, but for this process's own id.
 *
 * @module
 */

import type { CommandLine, Program } from "../host/permissions.ts";

/** Command line of a program that berth may start. */
export interface Command {
  readonly command: Program;
  readonly args: string[];
}

/** Part of a shell's script, and its arguments. */
export interface ShellStep {
  readonly script: string;
  readonly args: readonly string[];
}

/** Path of util-linux' setpriv: busybox would run its own, which can't bind a process to its parent. */
export const SETPRIV = "/usr/bin/setpriv";

/**
 * Beginning of a tied shell's script, before `&& …`: it looks who its parent is, as the kernel tells of no death that was
 * before the tie. Its first argument is the parent's id.
 */
export const EXPECT_PARENT = '[ "$PPID" = "$1" ] && shift';

/** End of a tied shell's script: it becomes the program. */
export const BECOME = 'exec "$@"';

/**
 * End of a tied shell's script for a program that starts others, and ties them to itself only later, as bubblewrap
 * does: it stays, as the leader of a process group that all of them are in, and kills that when it is told that its
 * parent has ended. It is to be tied by TERM.
 */
export const LEAD = 'trap "kill -KILL 0" TERM && exec 3<&0 && { "$@" <&3 3<&- & } && exec 3<&- && wait $!';

/**
 * Beginning of a shell's command line by which the kernel sends the shell, and what it becomes, a signal when its parent
 * ends. The shell is to begin with {@linkcode EXPECT_PARENT}.
 */
export function tieBy(signal: "KILL" | "TERM"): string[] {
  return [SETPRIV, "--pdeathsig", signal, "--"];
}

/**
 * Beginning of a program's command line by which it ends with its parent, also when that ends before the program has begun.
 *
 * @param parent the id of the process that starts it.
 */
export function planTie(parent = Deno.pid): string[] {
  return [...tieBy("KILL"), "sh", "-c", `${EXPECT_PARENT} && ${BECOME}`, "berth-tied", String(parent)];
}

/**
 * Beginning of the command line of a program that starts others, which end with it. It begins a session, and so a process
 * group, of their own.
 *
 * @param first what its shell does before; it takes the arguments of it away.
 */
export function planTiedGroup(parent = Deno.pid, first?: ShellStep): CommandLine {
  const script = [EXPECT_PARENT, ...(first ? [first.script] : []), LEAD].join(" && ");
  return ["setsid", ...tieBy("TERM"), "sh", "-c", script, "berth-tied", String(parent), ...first?.args ?? []];
}

/**
 * Command line of a tool that ends with berth. Untied it would go on to write into a folder that the next berth takes
 * for an orphan. It begins with a shell, as that is what berth may run.
 */
export function planTied(command: string, args: readonly string[], parent = Deno.pid): Command {
  return { command: "sh", args: ["-c", 'exec "$@"', "berth-tie", ...planTie(parent), command, ...args] };
}

/** True when a tied tool ended because there is no program of that name: the shell's way to say so. */
export function isMissing(code: number, stderr: string): boolean {
  return code === 127 && /^berth-tied: .*exec: .*not found/m.test(stderr);
}
