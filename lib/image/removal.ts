/**
 * Takes images out of a store, and everything that nothing needs any more; never a file that a job holds.
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { join } from "@std/path";
import { BerthError, ignoreNotFound } from "../base/errors.ts";
import type { ImageStore } from "./store.ts";
import { listFolder } from "../files/list_folder.ts";
import { removeUnheld, tryLockForBuild, tryLockUsed, usedFile } from "./store_locks.ts";

/** Name of a removed image's spec, as long as a job holds a file beside it. */
export const REMOVED = "spec.json.removed";

/** Image that nobody builds, or begins to use, until this is disposed. */
export interface ClaimedImage extends Disposable {
  readonly name: string;
  /** Takes it away, and returns how many bytes that has freed; the store's files are left to a sweep. */
  remove(): Promise<number>;
}

/** Conditions of a claim. */
export interface ClaimOptions {
  /** The ids of the jobs that run on it. */
  readonly usedBy: readonly string[];
  /** Whether those jobs may stand without the name: they keep the files. */
  readonly force: boolean;
}

/** Claims an image, to remove it. @throws {BerthError} `image.not-found`, `image.building`, `image.in-use`. */
export async function claimImage(
  store: ImageStore,
  name: string,
  { usedBy, force }: ClaimOptions,
): Promise<ClaimedImage> {
  using stack = new DisposableStack();
  // Also one whose spec can't be read.
  if (!await store.has(name)) throw new BerthError("image.not-found", `there is no image "${name}"`);
  const building = await tryLockForBuild(store.root, name);
  if (!building) throw new BerthError("image.building", `image "${name}": another berth builds or removes it`);
  stack.use(building);
  const unused = await tryLockUsed(store.root, name);
  if (unused) stack.use(unused);
  if (!force && (usedBy.length > 0 || !unused)) {
    throw new BerthError("image.in-use", `image "${name}": ${describeUsers(usedBy)}`);
  }
  const locks = stack.move();
  return {
    name,
    remove: () => removeImage(store.root, name, unused !== undefined),
    [Symbol.dispose]: () => locks.dispose(),
  };
}

function describeUsers(ids: readonly string[]): string {
  // A job holds the image before it has a folder.
  if (ids.length === 0) return "a job that is about to start uses it";
  return ids.length === 1 ? `the job ${ids[0]} runs on it` : `the jobs ${ids.join(", ")} run on it`;
}

async function removeImage(root: string, name: string, isUnused: boolean): Promise<number> {
  const folder = join(root, name);
  // The name goes at once; the rest can be done by the next one.
  await Deno.rename(join(folder, "spec.json"), join(folder, REMOVED)).catch(ignoreNotFound);
  await Deno.remove(join(root, `${name}.json`)).catch(ignoreNotFound);
  const bytes = await removeUnheldFolder(folder) ?? 0;
  // Who waits for this lock sees then that there is no such file, and looks for the image again.
  if (isUnused) await Deno.remove(usedFile(root, name)).catch(ignoreNotFound);
  return bytes;
}

/** Removes a folder that an image was in; what is held stays, for the next sweep. @returns the freed bytes. */
export async function removeUnheldFolder(folder: string): Promise<number> {
  let bytes = 0;
  let isHeld = false;
  for (const entry of await listFolder(folder)) {
    const path = join(folder, entry.name);
    if (entry.name === REMOVED) continue;
    if (entry.isDirectory) {
      bytes += await removeUnheldFolder(path);
      isHeld ||= await isThere(path);
    } else {
      const freed = entry.isFile ? await removeUnheld(path) : await Deno.remove(path).then(() => 0);
      isHeld ||= freed === undefined;
      bytes += freed ?? 0;
    }
  }
  if (isHeld) return bytes;
  await Deno.remove(join(folder, REMOVED)).catch(ignoreNotFound);
  await Deno.remove(folder).catch(ignoreNotFound);
  return bytes;
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
