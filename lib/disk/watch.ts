/**
 * Ends what berth does before it takes a host's disk below its floor, before a job takes more than its budget, and when a
 * disk can't be written any more.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { BerthError, ignoreNotFound, translateRefusedWrite } from "../base/errors.ts";
import { formatBytes } from "../base/units.ts";
import { DEFAULT_MIN_FREE_BYTES } from "./names.ts";

/** Part of a file system's inodes that stays free: a million empty files take no space, and end it for everybody. */
export const MIN_FREE_INODES = 0.01;

/**
 * More than a guest has been seen to write per second. The next look comes before so fast a writer could have reached
 * the floor.
 */
const FASTEST_BYTES_PER_MS = 4 * 1024 ** 3 / 1000;
const LONGEST_PAUSE_MS = 1000;
/** A look costs some microseconds. */
const SHORTEST_PAUSE_MS = 10;

/** Size of the blocks that a file's are counted in, bytes, whatever its disk's are (inode(7)). */
export const BLOCK_BYTES = 512;

/**
 * The file systems of which it is known that the blocks of a file are all that was written into it, from the moment of
 * the write on: ext4, XFS, tmpfs (linux/magic.h). Others store zeros, or what they have compressed, in less, or allocate
 * it later.
 */
const HOLD_ALL: readonly number[] = [0xef53, 0x58465342, 0x01021994];

/** True where what is written to files of the folder takes as many blocks as it has bytes, at least. */
export async function holdsAllBytes(folder: string): Promise<boolean> {
  return HOLD_ALL.includes((await statfs(folder)).type);
}

/** Watch over disks. */
export interface DiskWatch extends Disposable {
  /** Aborts with `host.disk-full` at a floor, with `job.disk` beyond the budget, and with `host.read-only`. */
  readonly signal: AbortSignal;
  /** Looks at once, and goes on to look while others are to go first. Never rejects. */
  readonly look: () => Promise<void>;
}

/** Bounds of a folder of berth's own, beyond which work in it ends. */
export interface DiskWatchOptions {
  readonly minFreeBytes?: number;
  /** Of a job's folder: what its files may take. */
  readonly budgetBytes?: number;
  /**
   * Of a job's folder: whether somebody else is to go first, asked again and again at the floor.
   *
   * @param isNew whether the floor has just been reached.
   */
  readonly othersFirst?: (isNew: boolean) => Promise<boolean>;
}

/**
 * Watches the disk of one of berth's own folders, which a kernel makes read-only when it breaks: what a VMM writes then
 * is lost without a word.
 *
 * @throws {BerthError} what it would abort with, when it is so already.
 */
export async function watchDisks(own: string, options: DiskWatchOptions = {}): Promise<DiskWatch> {
  const { minFreeBytes = DEFAULT_MIN_FREE_BYTES, budgetBytes = Infinity, othersFirst } = options;
  await expectRoom([own], minFreeBytes);
  let isAtFloor = false;
  const roomAtTurn = async (): Promise<number> => {
    if (!othersFirst) return await expectRoom([own], minFreeBytes);
    const room = await roomAbove(minFreeBytes, own);
    const isNew = !isAtFloor;
    isAtFloor = room <= 0;
    if (!isAtFloor) return room;
    // Whoever went first may have made room since.
    return await othersFirst(isNew) ? 0 : await expectRoom([own], minFreeBytes, { inodes: false });
  };
  return await startWatch(async () => {
    const [room, left] = await Promise.all([roomAtTurn(), budgetLeft(own, budgetBytes), expectWritable(own)]);
    return Math.min(room, left);
  });
}

/** Watches the free space of folders that are the user's. @throws {BerthError} `host.disk-full` when it is used up. */
export async function watchRoom(folders: readonly string[], minFreeBytes: number): Promise<DiskWatch> {
  return await startWatch(() => expectRoom(folders, minFreeBytes));
}

/** @param measure tells how many bytes may be written until it throws; 0 while others are to go first. */
async function startWatch(measure: () => Promise<number>): Promise<DiskWatch> {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let over = false;
  let last: Promise<number | void> = Promise.resolve();
  // One after the other: what a look finds goes by what the one before has found.
  const look = () => last = last.then(measure).catch((error) => void abort.abort(error));
  const repeat = (room: number | void) => {
    if (!over && room !== undefined) timer = setTimeout(() => void look().then(repeat), pauseMs(room));
  };
  const decide = async () => {
    while (await look() === 0 && !over) await new Promise((resolve) => setTimeout(resolve, SHORTEST_PAUSE_MS));
  };
  repeat(await measure());
  return {
    signal: abort.signal,
    look: decide,
    [Symbol.dispose]: () => {
      over = true;
      clearTimeout(timer);
    },
  };
}

async function expectWritable(folder: string): Promise<void> {
  const now = new Date();
  await Deno.utime(folder, now, now).catch((error) => {
    throw translateRefusedWrite(error, `the disk of ${folder}`);
  });
}

/** Time until the next look, ms. Pure. @param roomBytes what may be written until then. */
export function pauseMs(roomBytes: number): number {
  return Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, Math.floor(roomBytes / FASTEST_BYTES_PER_MS)));
}

/**
 * Space above the floor on the fullest of the disks, bytes.
 *
 * @param inodes whether they are looked at: a VM makes no files on the host, so it need not end when they run out.
 * @throws {BerthError} `host.disk-full` when that is nothing.
 */
export async function expectRoom(
  folders: readonly string[],
  minFreeBytes: number,
  { inodes } = { inodes: true },
): Promise<number> {
  const rooms = await Promise.all(folders.map(async (folder) => {
    const room = await roomAbove(minFreeBytes, folder);
    if (inodes) await expectInodes(folder);
    if (room > 0) return room;
    const [left, floor] = [room + minFreeBytes, minFreeBytes].map(formatBytes);
    throw new BerthError("host.disk-full", `the disk of ${folder} has only ${left} left; ${floor} are to stay free`);
  }));
  return Math.min(...rooms);
}

/** Not more than 0 at the floor. */
async function roomAbove(minFreeBytes: number, folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize - minFreeBytes;
}

async function expectInodes(folder: string): Promise<void> {
  const { files, ffree } = await statfs(folder);
  // Some file systems have no fixed number of them, and say 0 of 0.
  if (ffree >= files * MIN_FREE_INODES) return;
  throw new BerthError("host.disk-full", `the disk of ${folder} has room for only ${ffree} files more`);
}

async function budgetLeft(folder: string, budgetBytes: number): Promise<number> {
  if (budgetBytes === Infinity) return Infinity;
  const files = await readUses(folder);
  const used = sum(files);
  if (used <= budgetBytes) return Math.max(1, budgetBytes - used);
  const [all, budget] = [used, budgetBytes].map(formatBytes);
  const [name, most] = files.reduce((one, other) => other[1] > one[1] ? other : one);
  const where = `${formatBytes(most)} of that in ${name}`;
  throw new BerthError("job.disk", `the job takes ${all} of the host's disk, ${where}; it may take ${budget}`);
}

/** Space that the files of a folder take of its disk, bytes. */
export async function usedBytes(folder: string): Promise<number> {
  return sum(await readUses(folder));
}

function sum(files: readonly (readonly [string, number])[]): number {
  return files.reduce((bytes, [, more]) => bytes + more, 0);
}

/** A job's folder has no folders in it. */
async function readUses(folder: string): Promise<[name: string, bytes: number][]> {
  const uses: [string, number][] = [];
  for await (const { name } of Deno.readDir(folder)) {
    // One that goes meanwhile takes nothing.
    const info = await Deno.lstat(`${folder}/${name}`).catch(ignoreNotFound);
    uses.push([name, (info?.blocks ?? 0) * BLOCK_BYTES]);
  }
  return uses;
}
