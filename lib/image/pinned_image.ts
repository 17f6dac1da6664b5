/**
 * An image in a job's hands: none of its files goes while the job runs, whoever removes the image.
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { dirname, join } from "@std/path";
import { BerthError, ignoreNotFound } from "../base/errors.ts";
import { closeLocked } from "../files/locked_file.ts";
import { filesOf } from "./origin.ts";
import type { Image, ImageStore } from "./store.ts";
import { share, usedFile } from "./store_locks.ts";

/** Image whose files stay. Disposing lets go of it. */
export interface PinnedImage extends Image, Disposable {}

/** Each one fails only because somebody has replaced or removed the image meanwhile. */
const ATTEMPTS = 5;

/**
 * Loads an image and holds its files, by locks that end with this process.
 *
 * Between reading the spec and locking a file the image can be replaced and its files be swept: then it is read again.
 */
export async function pinImage(store: ImageStore, name: string): Promise<PinnedImage> {
  let missing: unknown;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      const held = await tryHold(store, name);
      if (held) return held;
    } catch (error) {
      if (!(error instanceof BerthError) || error.code !== "image.file-missing") throw error;
      missing = error;
    }
  }
  throw missing ?? new BerthError("image.file-missing", `image "${name}": others replace it all the time`);
}

/** As what an earlier version has put in is not: a VMM is a user of its own. Nobody else gets into the store. */
async function openForVmms(path: string): Promise<void> {
  const { isFile, mode } = await Deno.lstat(path);
  if (isFile && !((mode ?? 0) & 0o004)) await Deno.chmod(path, 0o644);
}

async function tryHold(store: ImageStore, name: string): Promise<PinnedImage | undefined> {
  // What is no image gets no lock's file.
  if (!await store.has(name)) throw new BerthError("image.not-found", `there is no image "${name}"`);
  using stack = new DisposableStack();
  const options = { create: true, write: true, mode: 0o600 };
  const used = stack.adopt(await Deno.open(usedFile(store.root, name), options), closeLocked);
  if (!await share(used, `the removal of image "${name}"`)) return undefined;
  const image = await store.load(name);
  for (const path of filesOf(image.spec)) {
    const file = await Deno.open(path).catch(ignoreNotFound);
    if (!file) return undefined;
    stack.adopt(file, closeLocked);
    if (!await share(file, `the removal of ${path}`)) return undefined;
    if (dirname(path) === join(store.root, ".store")) await openForVmms(path);
  }
  const now = new Date();
  await used.utime(now, now);
  const locks = stack.move();
  return { ...image, [Symbol.dispose]: () => locks.dispose() };
}
