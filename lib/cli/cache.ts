/**
 * `berth cache`: what outlives jobs.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { formatAge, formatBytes } from "../base/units.ts";
import type { CacheInfo, CacheKey } from "../disk/cache.ts";
import { CACHE_RM_FLAGS, LS_FLAGS } from "./line/subcommand_flags.ts";
import { parseFlags } from "./line/parse.ts";
import { type CommandGroup, expectNone, splitNames, type Subcommand } from "./line/subcommand.ts";
import { formatTable } from "./terminal/table.ts";

const LS: Subcommand<{ readonly json: boolean }> = {
  name: "ls",
  usage: "[--json]",
  summary: "list the caches",
  flags: LS_FLAGS,
  more: "SIZE is what a cache takes of the disk, CAP what it can take. AGE is since it was last kept.",
  windows: [],
  parse: (argv) => {
    const { flags, names } = splitNames(argv);
    expectNone(names, "berth cache ls");
    return { json: parseFlags(flags, LS_FLAGS).has("json") };
  },
  act: async ({ json }) => {
    const caches = await (await import("../app/caches.ts")).listCaches();
    if (!json) return renderCaches(caches, Date.now()).forEach((line) => console.log(line));
    console.log(JSON.stringify(caches.map((cache) => ({ ...cache, tenant: cache.tenant ?? null })), null, 2));
  },
};

const RM: Subcommand<readonly CacheKey[]> = {
  name: "rm",
  usage: "NAME… [--tenant TENANT]",
  summary: "remove caches that no job writes to",
  flags: CACHE_RM_FLAGS,
  windows: [],
  parse: parseCacheRm,
  act: async (keys, { words }) => {
    const { removeCache } = await import("../app/caches.ts");
    for (const key of keys) words.note(`removed cache ${key.name}, ${formatBytes(await removeCache(key))}`);
  },
};

/** The commands, in the order of the help. */
export const CACHE: CommandGroup = {
  name: "cache",
  summary: "what outlives jobs",
  more: "A cache is made by the first job that names it: berth run --cache NAME:GUEST.",
  commands: [LS, RM],
};

/** @throws {BerthError} `usage.*`. Pure. */
export function parseCacheRm(argv: readonly string[]): CacheKey[] {
  // The names may stand before the flags or after them.
  const before = argv.findIndex((word) => word.startsWith("-"));
  const names = before < 0 ? argv : argv.slice(0, before);
  const flags = parseFlags(before < 0 ? [] : argv.slice(before), CACHE_RM_FLAGS);
  const keys = [...names, ...flags.rest].map((name) => ({ name, tenant: flags.value("tenant") }));
  if (keys.length === 0) throw new BerthError("usage.subcommand", "berth cache rm takes one name or more");
  return keys;
}

/** The table for people, a line a cache. Pure. */
export function renderCaches(caches: readonly CacheInfo[], nowMs: number): string[] {
  const header = ["NAME", "TENANT", "SIZE", "CAP", "AGE", "IN USE"];
  return formatTable([
    header,
    ...caches.map(({ name, tenant, usedBytes, capBytes, savedAt, inUse }) => [
      ...[name, tenant ?? "-", formatBytes(usedBytes), formatBytes(capBytes)],
      ...[formatAge(nowMs - savedAt.getTime()), inUse ? "yes" : "no"],
    ]),
  ]);
}
