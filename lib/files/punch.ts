/**
 * Gives back to its disk what a file need not hold any more: a hole in it, which reads as zeros; its size stays.
 *
 * @module
 */

import { tryToolWithin } from "../process/tool.ts";

/** A system call, but for a disk that is busy. */
const PUNCH_MS = 30_000;

/** Function that gives back parts of one file: see {@linkcode punchHole}. */
export function holePuncher(file: Deno.FsFile, path: string): (hole: Hole) => Promise<boolean> {
  return (hole) => punchHole(file, path, hole);
}

/** A part of a file. */
export interface Hole {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/**
 * Punches a hole. Deno has no call for it, and hands no open file to a child; the child opens it by its path, and looks
 * that this is the file that is open here before it changes anything.
 *
 * @param path where the file is, or was: somebody may have put another one in its place.
 * @returns whether that was done: not every file system can.
 */
export async function punchHole(file: Deno.FsFile, path: string, hole: Hole): Promise<boolean> {
  const { dev, ino } = await file.stat();
  const script = `exec 3<"$1" && [ "$(stat -Lc %d:%i /proc/self/fd/3)" = "$2" ] &&
    exec fallocate --punch-hole --offset "$3" --length "$4" /proc/self/fd/3`;
  const values = [path, `${dev}:${ino}`, String(hole.offsetBytes), String(hole.lengthBytes)];
  const args = ["-c", script, "sh", ...values];
  const { success } = await tryToolWithin({ command: "sh", args, tied: true }, PUNCH_MS, "a hole in a file");
  return success;
}
