/**
 * `berth image rm`.
 *
 * @module
 */

import type { RemovalRequest } from "../../app/remove_images.ts";
import { BerthError } from "../../base/errors.ts";
import { RM_FLAGS } from "../line/subcommand_flags.ts";
import { splitNames, type Subcommand } from "../line/subcommand.ts";
import { parseFlags } from "../line/parse.ts";

export const RM: Subcommand<RemovalRequest> = {
  name: "rm",
  usage: "NAME… [--force]",
  summary: "remove images that no job runs on",
  flags: RM_FLAGS,
  more:
    `Either all of them are removed or none. Files that no other image has, and no job holds, go with them; those that a
job holds go with the next rm, prune or build.`,
  windows: [],
  parse: parseRmArgs,
  act: async (args, { words }) => (await import("../../app/remove_images.ts")).removeImages(args, words),
};

/** @throws {BerthError} `usage.*`. Pure. */
export function parseRmArgs(argv: readonly string[]): RemovalRequest {
  const { flags, names } = splitNames(argv);
  const parsed = parseFlags(flags, RM_FLAGS);
  if (names.length === 0) throw new BerthError("usage.subcommand", "berth image rm takes one name or more");
  return { names: [...new Set(names)], force: parsed.has("force") };
}
