/**
 * Ends what berth does before it takes a host's disk below its floor.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { BerthError } from "../base/errors.ts";
import { formatBytes } from "../base/units.ts";

/** What stays free where nobody says how much. */
export const DEFAULT_MIN_FREE_BYTES = 256 * 1024 ** 2;

/** The part of a file system's inodes that stays free: a million empty files take no space, and end it for everybody. */
const MIN_FREE_INODES = 0.01;

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
  /** Aborts with `host.disk-full` when a floor is reached. */
  readonly signal: AbortSignal;
}

/** Watches the free space of the folders' disks. @throws {BerthError} `host.disk-full` when there is too little already. */
export async function watchFreeSpace(
  folders: readonly string[],
  minFreeBytes = DEFAULT_MIN_FREE_BYTES,
): Promise<DiskWatch> {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let over = false;
  const look = async () => {
    const room = Math.min(...await Promise.all(folders.map((folder) => roomAbove(minFreeBytes, folder))));
    if (!over) timer = setTimeout(() => look().catch((error) => abort.abort(error)), pauseMs(room));
  };
  await look();
  return {
    signal: abort.signal,
    [Symbol.dispose]: () => {
      over = true;
      clearTimeout(timer);
    },
  };
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
