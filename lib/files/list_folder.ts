/**
 * Folders that may not be there.
 *
 * @module
 */

import { ignoreNotFound } from "../base/errors.ts";

/** Entries of a folder; none when there is no such folder. */
export async function listFolder(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    return ignoreNotFound(error) ?? [];
  }
}
