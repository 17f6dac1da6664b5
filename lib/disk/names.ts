/**
 * Names and defaults of a job's disks. Apart from what makes disks, so that a command line can be read without loading
 * that.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";

/** The cap of a cache of which nobody says how large it may become. */
export const DEFAULT_CACHE_BYTES = 8 * 1024 ** 3;

/** What stays free where nobody says how much. */
export const DEFAULT_MIN_FREE_BYTES = 256 * 1024 ** 2;

const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/;

/** @throws {BerthError} `usage.value`. */
export function checkCacheName(name: string, where: string): string {
  if (NAME.test(name)) return name;
  throw new BerthError("usage.value", `${where}: "${name}" is not a name; use up to 64 letters, digits and . _ -`);
}
