/**
 * `berth cache`: caches are listed and removed.
 *
 * @module
 */

import type { CacheInfo, CacheKey } from "../disk/cache.ts";
import { openCaches } from "./stores.ts";

/** All caches. */
export async function listCaches(): Promise<CacheInfo[]> {
  return await openCaches().list();
}

/** Removes one. @returns the freed bytes. @throws {BerthError} `cache.*`. */
export async function removeCache(key: CacheKey): Promise<number> {
  return await openCaches().remove(key);
}
