/**
 * The slices of tenants, which berths share: one is there as long as a VM is in it, and no longer.
 *
 * systemd keeps a slice that has become empty, and stopping one stops every scope in it, also one that has begun since
 * somebody looked. So whoever makes a scope in a slice has a share in a lock on the slice's folder (flock(2)) from before
 * that until the scope has gone, and whoever stops a slice has the lock alone.
 *
 * @module
 */

import { within } from "../../base/deadline.ts";
import { BerthError } from "../../base/errors.ts";
import { closeLocked } from "../../files/locked_file.ts";
import { tryLock } from "../../files/try_lock.ts";
import { type CgroupFs, joinPath } from "../cgroup_fs.ts";
import { ANSWER_MS, type Systemd } from "./systemctl.ts";

/** How often a slice is started that somebody stops each time before there is a share in its lock. */
const ATTEMPTS = 5;

/** A slice: its unit, and its folder in the tree. */
export interface SlicePlace {
  readonly unit: string;
  readonly path: string;
}

/**
 * Starts a slice, if it does not run, and sees to it that no berth stops it until this is disposed. The last one to
 * dispose it stops it.
 *
 * @throws {BerthError} `cgroup.systemd` when systemd does not start it.
 */
export async function holdSlice(systemd: Systemd, fs: CgroupFs, place: SlicePlace): Promise<AsyncDisposable> {
  const folder = joinPath(fs.root, place.path);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const share = await openShare(folder);
    if (share) return { [Symbol.asyncDispose]: () => letGo(systemd, fs, place, share) };
    await systemd.control("start", "--", place.unit);
  }
  throw new BerthError("cgroup.systemd", `systemd has started ${place.unit}, and there is no group ${folder}`);
}

/** Stops those of a slice's own slices that no VM is in. @returns their folders in the tree. */
export async function sweepSlices(systemd: Systemd, fs: CgroupFs, slice: string): Promise<string[]> {
  const prefix = `${slice.slice(0, -".slice".length)}-`;
  const names = (await fs.children("")).filter((name) => name.startsWith(prefix) && name.endsWith(".slice"));
  const went: string[] = [];
  for (const name of names) if (await stopIfEmpty(systemd, fs, { unit: name, path: name })) went.push(name);
  return went;
}

/** A share in the folder's lock; undefined when there is no such folder, or no longer. */
async function openShare(folder: string): Promise<Deno.FsFile | undefined> {
  const file = openIfThere(folder);
  if (!file) return undefined;
  try {
    await within(file.lock(false), ANSWER_MS, `another berth to stop the slice ${folder}`);
    if (isStill(file, folder)) return file;
  } catch (error) {
    file.close();
    throw error;
  }
  closeLocked(file);
  return undefined;
}

async function letGo(systemd: Systemd, fs: CgroupFs, place: SlicePlace, share: Deno.FsFile): Promise<void> {
  closeLocked(share);
  await stopIfEmpty(systemd, fs, place);
}

/** Stops a slice that nobody has a share in and nothing is in. @returns whether it did. */
async function stopIfEmpty(systemd: Systemd, fs: CgroupFs, { unit, path }: SlicePlace): Promise<boolean> {
  const file = openIfThere(joinPath(fs.root, path));
  if (!file) return false;
  if (!tryLock(file, { exclusive: true })) {
    file.close();
    return false;
  }
  try {
    if (!isStill(file, joinPath(fs.root, path)) || (await fs.children(path)).length > 0) return false;
    await systemd.control("stop", "--", unit);
    return true;
  } finally {
    closeLocked(file);
  }
}

function openIfThere(folder: string): Deno.FsFile | undefined {
  try {
    return Deno.openSync(folder);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Whether the open folder is the one that is found there: another berth may have removed it, and one more made it anew. */
function isStill(file: Deno.FsFile, folder: string): boolean {
  try {
    return Deno.lstatSync(folder).ino === file.statSync().ino;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
