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

/**
 * More than a guest has been seen to write per second. The next look comes before so fast a writer could have reached
 * the floor.
 */
const FASTEST_BYTES_PER_MS = 4 * 1024 ** 3 / 1000;
const LONGEST_PAUSE_MS = 1000;
/** A look costs some microseconds. */
const SHORTEST_PAUSE_MS = 10;

/** A watch over the disks that some folders are on. */
export interface DiskWatch extends Disposable {
  /** Rejects with `host.disk-full` when a floor is reached; never resolves. */
  readonly failure: Promise<never>;
  /** Aborts with the same. */
  readonly signal: AbortSignal;
}

/** Watches the free space of the folders' disks. @throws {BerthError} `host.disk-full` when there is too little already. */
export async function watchFreeSpace(
  folders: readonly string[],
  minFreeBytes = DEFAULT_MIN_FREE_BYTES,
): Promise<DiskWatch> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let over = false;
  const look = async () => {
    const room = Math.min(...await Promise.all(folders.map((folder) => roomAbove(minFreeBytes, folder))));
    if (!over) timer = setTimeout(() => look().catch(fail), pauseMs(room));
  };
  const fail = (error: unknown) => {
    abort.abort(error);
    reject(error);
  };
  await look();
  return {
    failure: promise,
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
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free > minFreeBytes) return free - minFreeBytes;
  const [left, floor] = [free, minFreeBytes].map(formatBytes);
  throw new BerthError(
    "host.disk-full",
    `a disk that berth writes to has only ${left} left; ${floor} are to stay free`,
  );
}
