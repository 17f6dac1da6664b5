/**
 * Removes the folders of caches that nothing was ever put into: their jobs have failed, or were killed.
 *
 * @module
 */

import { ignoreNotFound } from "../base/errors.ts";
import { closeLocked } from "../files/locked_file.ts";
import { listFolder } from "../files/list_folder.ts";
import { isHeld, tryLock } from "../files/try_lock.ts";

/**
 * Sweeps the caches below a folder; one that a job works on stays.
 *
 * @returns the paths of the folders that went.
 */
export async function sweepCaches(root: string): Promise<string[]> {
  const went: string[] = [];
  for (const path of await cacheFolders(root)) if (await removeUnused(path)) went.push(path);
  return went;
}

/** The paths of the folders that a sweep would remove. Looks only. */
export async function findUnusedCaches(root: string): Promise<string[]> {
  const unused: string[] = [];
  for (const path of await cacheFolders(root)) {
    const isEmpty = (await listFolder(path)).every(({ name }) => name === "lock");
    if (isEmpty && !await isHeld(`${path}/lock`)) unused.push(path);
  }
  return unused;
}

async function cacheFolders(root: string): Promise<string[]> {
  const folders: string[] = [];
  for (const { name, isDirectory } of await listFolder(root)) {
    if (!isDirectory) continue;
    if (name.startsWith("tenant-")) folders.push(...await cacheFolders(`${root}/${name}`));
    else if (name.startsWith("cache-")) folders.push(`${root}/${name}`);
  }
  return folders;
}

async function removeUnused(folder: string): Promise<boolean> {
  using stack = new DisposableStack();
  const lock = await Deno.open(`${folder}/lock`, { write: true }).catch(ignoreNotFound);
  if (lock) {
    stack.adopt(lock, closeLocked);
    if (!tryLock(lock, { exclusive: true })) return false;
    // Removed meanwhile: the one that is there now, if any, is another one's.
    if ((await lock.stat()).nlink === 0) return false;
    // Anything else in it is a cache, or somebody else's.
    if ((await listFolder(folder)).some(({ name }) => name !== "lock")) return false;
    // A job that waits for this lock makes another one when it gets it, see cache.ts.
    await Deno.remove(`${folder}/lock`);
  }
  return await Deno.remove(folder).then(() => true, () => false);
}
