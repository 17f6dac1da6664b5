/**
 * Ends what berth does before it takes a host's disk below its floor, and when a disk can't be written any more.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { BerthError, translateRefusedWrite } from "../base/errors.ts";
import { formatBytes } from "../base/units.ts";

/** What stays free where nobody says how much. */
export const DEFAULT_MIN_FREE_BYTES = 256 * 1024 ** 2;

/** The part of a file system's inodes that stays free: a million empty files take no space, and end it for everybody. */
export const MIN_FREE_INODES = 0.01;

/**
 * More than a guest has been seen to write per second. The next look comes before so fast a writer could have reached
 * the floor.
 */
const FASTEST_BYTES_PER_MS = 4 * 1024 ** 3 / 1000;
const LONGEST_PAUSE_MS = 1000;
/** A look costs some microseconds. */
const SHORTEST_PAUSE_MS = 10;

/**
 * The file systems of which it is known that the blocks of a file are all that was written into it, from the moment of
 * the write on: ext4, XFS, tmpfs (linux/magic.h). Others store zeros, or what they have compressed, in less, or allocate
 * it later.
 */
const HOLD_ALL: readonly number[] = [0xef53, 0x58465342, 0x01021994];

/** Whether what is written to files of the folder takes as many blocks as it has bytes, at least. */
export async function holdsAllBytes(folder: string): Promise<boolean> {
  return HOLD_ALL.includes((await statfs(folder)).type);
}

/** A watch over the disks that some folders are on. */
export interface DiskWatch extends Disposable {
  /** Aborts with `host.disk-full` when a floor is reached, and with `host.read-only`. */
  readonly signal: AbortSignal;
  /** Looks at once, and not only when it is time to. Never rejects. */
  readonly look: () => Promise<void>;
}

/** What is watched beside berth's own folder. */
export interface DiskWatchOptions {
  /** Folders of the user's, of which only the free space is looked at. */
  readonly others?: readonly string[];
  readonly minFreeBytes?: number;
}

/**
 * Watches the disk of one of berth's own folders, which a kernel makes read-only when it breaks: what a VMM writes then
 * is lost without a word.
 *
 * @throws {BerthError} what it would abort with, when it is so already.
 */
export async function watchDisks(own: string, options: DiskWatchOptions = {}): Promise<DiskWatch> {
  const { others = [], minFreeBytes = DEFAULT_MIN_FREE_BYTES } = options;
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let over = false;
  const measure = async () => {
    const [room] = await Promise.all([roomOn([own, ...others], minFreeBytes), expectWritable(own)]);
    return room;
  };
  const look = () => measure().then(pauseMs, (error) => void abort.abort(error));
  const repeat = (pause: number | void) => {
    if (!over && pause !== undefined) timer = setTimeout(() => void look().then(repeat), pause);
  };
  repeat(pauseMs(await measure()));
  return {
    signal: abort.signal,
    look: () => look().then(() => {}),
    [Symbol.dispose]: () => {
      over = true;
      clearTimeout(timer);
    },
  };
}

async function roomOn(folders: readonly string[], minFreeBytes: number): Promise<number> {
  return Math.min(...await Promise.all(folders.map((folder) => roomAbove(minFreeBytes, folder))));
}

async function expectWritable(folder: string): Promise<void> {
  const now = new Date();
  await Deno.utime(folder, now, now).catch((error) => {
    throw translateRefusedWrite(error, `the disk of ${folder}`);
  });
}

/** When to look again. Pure. @param roomBytes what is free above the floor. */
export function pauseMs(roomBytes: number): number {
  return Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, Math.floor(roomBytes / FASTEST_BYTES_PER_MS)));
}

async function roomAbove(minFreeBytes: number, folder: string): Promise<number> {
  const { bavail, bsize, files, ffree } = await statfs(folder);
  // Some file systems have no fixed number of them, and say 0 of 0.
  if (ffree < files * MIN_FREE_INODES) {
    throw new BerthError("host.disk-full", `the disk of ${folder} has room for only ${ffree} files more`);
  }
  const free = bavail * bsize;
  if (free > minFreeBytes) return free - minFreeBytes;
  const [left, floor] = [free, minFreeBytes].map(formatBytes);
  throw new BerthError(
    "host.disk-full",
    `the disk of ${folder} has only ${left} left; ${floor} are to stay free`,
  );
}
