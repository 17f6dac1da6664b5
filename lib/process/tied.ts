/**
 * Programs that end with berth, however berth ends. Pure, but for this process's own id.
 *
 * @module
 */

/** A command line. */
export interface Command {
  readonly command: string;
  readonly args: string[];
}

/** busybox would run its own setpriv, which can't bind a process to its parent. */
const SETPRIV = "/usr/bin/setpriv";

/**
 * The kernel tells of no death that was before the tie: a shell that is tied already looks who its parent is. Its first
 * argument is the parent's id; it is followed by `&& …`.
 */
export const EXPECT_PARENT = '[ "$PPID" = "$1" ] && shift';

/**
 * What stands before a shell's command line so that the kernel kills the shell, and what it becomes, when its parent
 * ends. The shell is to begin with {@linkcode EXPECT_PARENT}.
 */
export const TIE: readonly string[] = [SETPRIV, "--pdeathsig", "KILL", "--"];

/**
 * What stands before a program's command line so that it ends with its parent, also when that ends before the program
 * has begun.
 *
 * @param parent the id of the process that starts it.
 */
export function planTie(parent = Deno.pid): string[] {
  return [...TIE, "sh", "-c", `${EXPECT_PARENT} && exec "$@"`, "berth-tied", String(parent)];
}

/**
 * The command line of such a tool. Untied it would go on to write into a folder that the next berth takes for abandoned.
 * It begins with a shell, as that is what berth may run.
 */
export function planTied(command: string, args: readonly string[], parent = Deno.pid): Command {
  return { command: "sh", args: ["-c", 'exec "$@"', "berth-tie", ...planTie(parent), command, ...args] };
}

/** Whether such a tool ended because there is no program of that name: the shell's way to say so. */
export function isMissing(code: number, stderr: string): boolean {
  return code === 127 && /^berth-tied: .*exec: .*not found/m.test(stderr);
}
