/**
 * Ends a job before it takes the host's last free space.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { BerthError } from "../base/errors.ts";
import { formatBytes } from "../base/units.ts";

/** Below this a job ends. QEMU holds output back when the disk is full, so nothing is lost, but nothing goes on. */
const FLOOR_BYTES = 16 * 1024 ** 2;
const INTERVAL_MS = 1000;

/** A watch over the disk that a folder is on. */
export interface DiskWatch extends Disposable {
  /** Rejects with `host.disk-full` when the floor is reached; never resolves. */
  readonly failure: Promise<never>;
}

/** Looks at the free space once a second. */
export function watchFreeSpace(folder: string): DiskWatch {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const look = async () => {
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    if (free >= FLOOR_BYTES) return;
    throw new BerthError("host.disk-full", `the disk of the job's folder has only ${formatBytes(free)} left`);
  };
  const timer = setInterval(() => look().catch(reject), INTERVAL_MS);
  return { failure: promise, [Symbol.dispose]: () => clearInterval(timer) };
}
