/**
 * Folders that may not be there.
 *
 * @module
 */

import { ignoreNotFound } from "../base/errors.ts";

/** What is in a folder; nothing when there is none. */
export async function listFolder(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    return ignoreNotFound(error) ?? [];
  }
}
