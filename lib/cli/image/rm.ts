/**
 * `berth image rm`.
 *
 * @module
 */

import type { RemovalRequest } from "../../app/remove_images.ts";
import { BerthError } from "../../base/errors.ts";
import type { Command } from "../line/command.ts";
import type { Flag } from "../line/flag.ts";
import { parseNamed } from "../line/names.ts";

/** Flags of `berth image rm`. */
const RM_FLAGS: readonly Flag[] = [
  { name: "force", help: "also while jobs run on it: the name goes, and they keep the files until they end" },
];

/** `berth image rm`. */
export const RM: Command<RemovalRequest> = {
  name: "rm",
  usage: "NAME… [--force]",
  summary: "remove images that no job runs on",
  flags: RM_FLAGS,
  more:
    `Either all of them are removed or none. Files that no other image has, and no job holds, go with them; those that a
job holds go with the next rm, prune or build.`,
  where: "host",
  windows: () => [],
  parse: parseRmArgs,
  act: async (args, words) => (await import("../../app/remove_images.ts")).removeImages(args, words),
};

/** @throws {BerthError} `usage.*`. Pure. */
function parseRmArgs(argv: readonly string[]): RemovalRequest {
  const flags = parseNamed(argv, RM_FLAGS);
  const names = flags.rest;
  if (names.length === 0) throw new BerthError("usage.subcommand", "berth image rm takes one name or more");
  return { names: [...new Set(names)], force: flags.has("force") };
}
