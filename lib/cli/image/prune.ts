/**
 * `berth image prune`.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { parseAge } from "../../base/units.ts";
import { PRUNE_FLAGS } from "../line/subcommand_flags.ts";
import { expectNone, type Subcommand } from "../line/subcommand.ts";
import { parseFlags } from "../line/parse.ts";

export interface PruneArgs {
  readonly olderMs: number;
}

export const PRUNE: Subcommand<PruneArgs> = {
  name: "prune",
  usage: "--older TIME",
  summary: "remove images that nobody has needed for so long, and all that nothing needs",
  flags: PRUNE_FLAGS,
  more: `An image that a job runs on stays. What builds have left that were killed goes as well; not while one runs.`,
  windows: [],
  parse: parsePruneArgs,
  act: async ({ olderMs }, { words }) => (await import("../../app/prune_images.ts")).pruneImages(olderMs, words),
};

/** @throws {BerthError} `usage.*`. Pure. */
export function parsePruneArgs(argv: readonly string[]): PruneArgs {
  const flags = parseFlags(argv, PRUNE_FLAGS);
  expectNone(flags.rest, "berth image prune");
  const older = flags.value("older");
  if (older === undefined) throw new BerthError("usage.subcommand", "berth image prune needs --older TIME, as in 30d");
  return { olderMs: parseAge(older, "--older") };
}
