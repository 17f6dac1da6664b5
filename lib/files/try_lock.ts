/**
 * Locks of files (flock(2)) that are taken only when they are free.
 *
 * @module
 */

import { ignoreNotFound } from "../base/errors.ts";
import { CHILD_ENV } from "../process/child.ts";
import { closeLocked } from "./locked_file.ts";

/** What Deno has had since 2.7; the types of 2.6 don't know it. */
interface Tries {
  tryLockSync(exclusive: boolean): boolean;
}

/** How flock(1) is to say that somebody else has the lock. */
const IS_HELD = 75;

/** Takes a file's lock if it is free, alone or with others. @returns true when it has it. */
export function tryLock(file: Deno.FsFile, { exclusive }: { readonly exclusive: boolean }): boolean {
  return "tryLockSync" in file ? (file as Deno.FsFile & Tries).tryLockSync(exclusive) : flock(file, exclusive);
}

/**
 * The same by flock(1), for Deno 2.6, which can only wait for a lock.
 *
 * The child's standard input is the very file that is open here, and a lock belongs to that: it stays when the child has
 * ended. A Deno that hands on something else, or nothing, is found out by the file's number.
 */
export function flock(file: Deno.FsFile, exclusive: boolean): boolean {
  const id = Object.getOwnPropertySymbols(file).find(({ description }) => description === "Deno.internal.rid");
  const stdin = id && (file as unknown as Record<symbol, "inherit">)[id];
  const script = `[ "$(stat -Lc %i /proc/self/fd/0)" = "$1" ] && exec flock --conflict-exit-code ${IS_HELD} -n "$2" 0`;
  const args = ["-c", script, "sh", String(file.statSync().ino), exclusive ? "-x" : "-s"];
  const { code } = new Deno.Command("sh", { args, env: { ...CHILD_ENV }, clearEnv: true, stdin }).outputSync();
  if (code === 0 || code === IS_HELD) return code === 0;
  throw new Error(`this Deno can't try to lock a file: flock ended with status ${code}`);
}

/** True when somebody holds a file's lock. Looks only, for some microseconds. */
export async function isHeld(path: string): Promise<boolean> {
  using stack = new DisposableStack();
  const file = await Deno.open(path).catch(ignoreNotFound);
  return file !== undefined && !tryLock(stack.adopt(file, closeLocked), { exclusive: true });
}
