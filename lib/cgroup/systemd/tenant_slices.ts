/**
 * The slices of tenants, which berths share: one is there as long as a VM is in it, and no longer.
 *
 * systemd keeps a slice that has become empty, and stopping one stops every scope in it, also one that has begun since
 * somebody looked. So whoever makes a scope in a slice has a share in the slice's lock from before that until the scope has
 * gone, and whoever stops a slice has the lock alone. The lock (flock(2)) is that of the slice's `cgroup.kill`, which nobody
 * can open but its owner: whoever can read a file can lock it, and keep everybody waiting. Before Linux 5.14 there is no
 * such file; there slices stay.
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

/** Place of a slice: its unit, and its folder in the tree. */
export interface SlicePlace {
  readonly unit: string;
  readonly path: string;
}

const LOCK = "cgroup.kill";
/** A share where there is no lock: nobody stops the slice there. */
const NO_LOCK: AsyncDisposable = { [Symbol.asyncDispose]: async () => {} };

/**
 * Starts a slice, if it does not run, and sees to it that no berth stops it until this is disposed. The last one to
 * dispose it stops it.
 *
 * @throws {BerthError} `cgroup.systemd` when systemd does not start it.
 */
export async function holdSlice(systemd: Systemd, fs: CgroupFs, place: SlicePlace): Promise<AsyncDisposable> {
  // The slice above has it where the kernel does.
  if (!isThere(joinPath(fs.root, LOCK))) return NO_LOCK;
  const folder = joinPath(fs.root, place.path);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const file = openLock(folder);
    if (file && await hasShare(file, folder)) return { [Symbol.asyncDispose]: () => letGo(systemd, fs, place, file) };
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

/** Waits for a share, and says whether that is one in the lock of the slice as it is now; if not, closes the file. */
async function hasShare(file: Deno.FsFile, folder: string): Promise<boolean> {
  try {
    await within(file.lock(false), ANSWER_MS, `another berth that stops the slice ${folder}`);
  } catch (error) {
    file.close();
    throw error;
  }
  if (isStill(file, folder)) return true;
  closeLocked(file);
  return false;
}

async function letGo(systemd: Systemd, fs: CgroupFs, place: SlicePlace, share: Deno.FsFile): Promise<void> {
  closeLocked(share);
  await stopIfEmpty(systemd, fs, place);
}

/** Stops a slice that nobody has a share in and nothing is in. @returns whether it did. */
async function stopIfEmpty(systemd: Systemd, fs: CgroupFs, { unit, path }: SlicePlace): Promise<boolean> {
  using stack = new DisposableStack();
  const folder = joinPath(fs.root, path);
  const file = openLock(folder);
  if (!file || !tryLock(stack.adopt(file, closeLocked), { exclusive: true })) return false;
  if (!isStill(file, folder) || (await fs.children(path)).length > 0) return false;
  await systemd.control("stop", "--", unit);
  return true;
}

function openLock(folder: string): Deno.FsFile | undefined {
  try {
    // For writing, as it can't be read; nothing is ever written.
    return Deno.openSync(`${folder}/${LOCK}`, { write: true });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** ENODEV is for what is just going away. */
function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || (error as { code?: string }).code === "ENODEV";
}

/** Whether the open file is the one that is found there: another berth may have removed it, and one more made it anew. */
function isStill(file: Deno.FsFile, folder: string): boolean {
  try {
    return Deno.lstatSync(`${folder}/${LOCK}`).ino === file.statSync().ino;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}
