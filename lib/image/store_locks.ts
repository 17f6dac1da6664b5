/**
 * The locks of an image store. The kernel takes them back however their holder ends.
 *
 *     .lock         builds hold it shared; a sweep, which removes what nobody needs, holds it alone
 *     .sweep        a sweep; others wait for its end, so that none takes another one for a build
 *     .lock-NAME    the build of this image, or its removal
 *     .used-NAME    jobs on this image hold it shared; its time is that of the last job's start
 *
 * And each file of an image is held shared by the jobs that use it; see held.ts.
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { join } from "@std/path";
import { within } from "../base/deadline.ts";
import { ignoreNotFound } from "../base/errors.ts";
import { closeLocked } from "../files/locked_file.ts";
import { isHeld, tryLock } from "../files/try_lock.ts";

/** A sweep looks at some files and unlinks them. */
const SWEEP_MS = 60_000;
const SWEEP_END = "the end of a sweep of the image store";

/** Path of the file that jobs on an image hold. */
export function usedFile(root: string, name: string): string {
  return join(root, `.used-${name}`);
}

/**
 * Lock of an image's build, taken when nobody else builds it and no sweep runs.
 *
 * @param onWait is called once before waiting for another build.
 * @param signal ends that wait, which may take as long as a build does.
 */
export async function lockForBuild(
  root: string,
  name: string,
  onWait: () => void,
  signal?: AbortSignal,
): Promise<Disposable> {
  using stack = new DisposableStack();
  stack.adopt(await shareStore(root), closeLocked);
  const file = stack.adopt(await openLock(root, `.lock-${name}`), closeLocked);
  if (!tryLock(file, { exclusive: true })) {
    onWait();
    await lockOrAbort(file, signal);
  }
  return stack.move();
}

/** Lock of an image's build; undefined while somebody builds it, or removes it. */
export async function tryLockForBuild(root: string, name: string): Promise<Disposable | undefined> {
  using stack = new DisposableStack();
  stack.adopt(await shareStore(root), closeLocked);
  const file = stack.adopt(await openLock(root, `.lock-${name}`), closeLocked);
  return tryLock(file, { exclusive: true }) ? stack.move() : undefined;
}

/** Lock of the whole store for a sweep, after the one that runs; undefined while something is built. */
export async function tryLockStore(root: string): Promise<Disposable | undefined> {
  using stack = new DisposableStack();
  // Else a sweep would take another one, which has the store alone as well, for a build.
  const turn = stack.adopt(await openLock(root, ".sweep"), closeLocked);
  if (!tryLock(turn, { exclusive: true })) await within(turn.lock(true), SWEEP_MS, SWEEP_END);
  const file = stack.adopt(await openLock(root, ".lock"), closeLocked);
  return tryLock(file, { exclusive: true }) ? stack.move() : undefined;
}

/** True when nothing is built, swept or removed at the moment. Looks only. */
export async function isStoreIdle(root: string): Promise<boolean> {
  return !await isHeld(join(root, ".lock"));
}

/**
 * Lock of an image for one that wants to remove it; undefined while a job uses it.
 *
 * The file's time is left alone, and what no job has made before is gone again afterwards: an image that was not
 * removed after all is not one that was used now.
 */
export async function tryLockUsed(root: string, name: string): Promise<Disposable | undefined> {
  const path = usedFile(root, name);
  using stack = new DisposableStack();
  const known = await Deno.open(path, { write: true }).catch(ignoreNotFound);
  const file = stack.adopt(known ?? await openLock(root, `.used-${name}`), closeLocked);
  if (!tryLock(file, { exclusive: true }) || !await isLinked(file)) return undefined;
  // Nobody else removes it, or makes another one, as long as this lock is held.
  if (!known) stack.defer(() => file.statSync().nlink !== 0 && Deno.removeSync(path));
  return stack.move();
}

/** Takes a shared lock. @returns whether the file is still there: who held it alone may have removed it. */
export async function share(file: Deno.FsFile, what: string): Promise<boolean> {
  await within(file.lock(false), SWEEP_MS, what);
  return await isLinked(file);
}

/**
 * Removes a file that nobody holds.
 *
 * @returns its size in bytes; undefined when it is held, and so stays.
 */
export async function removeUnheld(path: string): Promise<number | undefined> {
  using file = await Deno.open(path).catch(ignoreNotFound);
  if (!file) return 0;
  if (!tryLock(file, { exclusive: true })) return undefined;
  const { size } = await file.stat();
  await Deno.remove(path).catch(ignoreNotFound);
  return size;
}

async function shareStore(root: string): Promise<Deno.FsFile> {
  const file = await openLock(root, ".lock");
  try {
    await within(file.lock(false), SWEEP_MS, SWEEP_END);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

async function openLock(root: string, name: string): Promise<Deno.FsFile> {
  await Deno.mkdir(root, { recursive: true, mode: 0o700 });
  return await Deno.open(join(root, name), { create: true, write: true, mode: 0o600 });
}

async function isLinked(file: Deno.FsFile): Promise<boolean> {
  return (await file.stat()).nlink !== 0;
}

/** The lock may still be taken after an abort: it goes with the file, which its owner closes then. */
async function lockOrAbort(file: Deno.FsFile, signal?: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal!.reason);
  signal?.addEventListener("abort", abort, { once: true });
  try {
    signal?.throwIfAborted();
    await Promise.race([file.lock(true), promise]);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}
