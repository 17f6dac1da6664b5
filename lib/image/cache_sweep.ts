/**
 * Removes the folders of caches that nothing was ever put into: their jobs have failed, or were killed.
 *
 * @module
 */

import { ignoreNotFound } from "../base/errors.ts";
import { closeLocked } from "../base/locked_file.ts";
import { listFolder } from "./removal.ts";
import { tryLock } from "../process/try_lock.ts";

/**
 * Sweeps the caches below a folder; one that a job works on stays.
 *
 * @returns the paths of the folders that went.
 */
export async function sweepCaches(root: string): Promise<string[]> {
  const went: string[] = [];
  for (const { name, isDirectory } of await listFolder(root)) {
    if (!isDirectory) continue;
    const path = `${root}/${name}`;
    if (name.startsWith("tenant-")) went.push(...await sweepCaches(path));
    else if (name.startsWith("cache-") && await removeUnused(path)) went.push(path);
  }
  return went;
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
