/**
 * `berth cache` in the host process.
 *
 * @module
 */

import { formatBytes } from "../base/units.ts";
import type { CacheKey } from "../disk/cache.ts";
import { renderCaches } from "./cache.ts";
import { openCaches } from "./image_host.ts";
import type { SubcommandContext } from "./subcommand.ts";

/** Prints the list. */
export async function listCaches({ json }: { readonly json: boolean }): Promise<void> {
  const caches = await openCaches().list();
  if (!json) return renderCaches(caches, Date.now()).forEach((line) => console.log(line));
  console.log(JSON.stringify(caches.map((cache) => ({ ...cache, tenant: cache.tenant ?? null })), null, 2));
}

/** Removes them, one after the other. */
export async function removeCaches(keys: readonly CacheKey[], { words }: SubcommandContext): Promise<void> {
  for (const key of keys) {
    const freedBytes = await openCaches().remove(key);
    words.note(`removed cache ${key.name}, ${formatBytes(freedBytes)}`);
  }
}
