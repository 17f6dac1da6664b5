/**
 * Files that are locked (flock(2)).
 *
 * @module
 */

/**
 * Gives a file's lock back, and closes it.
 *
 * Closing alone does it a moment later: a child that is being started is a copy of this process until it becomes its
 * program, open files with their locks included.
 */
export function closeLocked(file: Deno.FsFile): void {
  try {
    file.unlockSync();
  } finally {
    file.close();
  }
}
