/**
 * `berth image prune`.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { parseAge } from "../../base/units.ts";
import type { Command } from "../line/command.ts";
import type { Flag } from "../line/flag.ts";
import { expectNone, parseNamed } from "../line/names.ts";

/** Flags of `berth image prune`. */
const PRUNE_FLAGS: readonly Flag[] = [
  {
    name: "older",
    value: "TIME",
    help: "remove images that were neither built nor used for so long, as in 12h or 30d",
  },
];

/** Command line of `berth image prune`. */
export interface PruneArgs {
  readonly olderMs: number;
}

/** `berth image prune`. */
export const PRUNE: Command<PruneArgs> = {
  name: "prune",
  usage: "--older TIME",
  summary: "remove images that nobody has needed for so long, and all that nothing needs",
  flags: PRUNE_FLAGS,
  more: `An image that a job runs on stays. What builds have left that were killed goes as well; not while one runs.`,
  where: "host",
  windows: () => [],
  parse: parsePruneArgs,
  act: async ({ olderMs }, words) => (await import("../../app/prune_images.ts")).pruneImages(olderMs, words),
};

/** @throws {BerthError} `usage.*`. Pure. */
function parsePruneArgs(argv: readonly string[]): PruneArgs {
  const flags = parseNamed(argv, PRUNE_FLAGS);
  expectNone(flags.rest, "berth image prune");
  const older = flags.value("older");
  if (older === undefined) throw new BerthError("usage.subcommand", "berth image prune needs --older TIME, as in 30d");
  return { olderMs: parseAge(older, "--older") };
}
