/**
 * `berth cache`: what outlives jobs.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { formatAge, formatBytes } from "../base/units.ts";
import type { CacheInfo, CacheKey } from "../disk/cache.ts";
import type { Command, CommandGroup } from "./line/command.ts";
import type { Flag } from "./line/flag.ts";
import { LS_FLAGS, parseListArgs } from "./line/list.ts";
import { parseNamed } from "./line/names.ts";
import { toJson } from "./terminal/json.ts";
import { formatTable } from "./terminal/table.ts";

/** Flags of `berth cache rm`. */
const CACHE_RM_FLAGS: readonly Flag[] = [
  {
    name: "tenant",
    value: "TENANT",
    help: "whose caches",
    default: { means: "those that are nobody's in particular" },
  },
];

const LS: Command<{ readonly json: boolean }> = {
  name: "ls",
  usage: "[--json]",
  summary: "list the caches",
  flags: LS_FLAGS,
  more: "SIZE is what a cache takes of the disk, CAP what it can take. AGE is since it was last kept.",
  where: "host",
  windows: () => [],
  parse: (argv) => parseListArgs(argv, "berth cache ls"),
  act: async ({ json }) => {
    const caches = await (await import("../app/caches.ts")).listCaches();
    if (!json) return renderCaches(caches, Date.now()).forEach((line) => console.log(line));
    console.log(renderJson(caches));
  },
};

const RM: Command<readonly CacheKey[]> = {
  name: "rm",
  usage: "NAME… [--tenant TENANT]",
  summary: "remove caches that no job writes to",
  flags: CACHE_RM_FLAGS,
  where: "host",
  windows: () => [],
  parse: parseCacheRm,
  act: async (keys, words) => {
    const { removeCache } = await import("../app/caches.ts");
    for (const key of keys) words.note(`removed cache ${key.name}, ${formatBytes(await removeCache(key))}`);
  },
};

/** The commands, in the order of the help. */
export const CACHE: CommandGroup = {
  name: "cache",
  usage: "COMMAND",
  summary: "list and remove caches",
  more: "A cache is what outlives jobs. It is made by the first job that names it: berth run --cache NAME:GUEST.",
  commands: [LS, RM],
};

/** @throws {BerthError} `usage.*`. Pure. */
export function parseCacheRm(argv: readonly string[]): CacheKey[] {
  const flags = parseNamed(argv, CACHE_RM_FLAGS);
  const keys = flags.rest.map((name) => ({ name, tenant: flags.value("tenant") }));
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

/** The same for programs: every cache has every field, and `null` is what there is not. Pure. */
export function renderJson(caches: readonly CacheInfo[]): string {
  return toJson(caches.map((cache) => ({ ...cache, tenant: cache.tenant ?? null })), 2);
}
