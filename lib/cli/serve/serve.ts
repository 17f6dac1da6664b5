/**
 * `berth serve`.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { STATUS } from "../../base/exit_status.ts";
import { parseDuration, writeDuration } from "../../base/units.ts";
import type { Command } from "../line/command.ts";
import type { Flag } from "../line/flag.ts";
import { expectNone, parseNamed } from "../line/names.ts";
import { optional } from "../line/values.ts";

/** How often it looks when nobody says it. */
const EVERY_MS = 600_000;

/** Flags of `berth serve`. */
const SERVE_FLAGS: readonly Flag[] = [
  {
    name: "every",
    value: "TIME",
    help: "how often to look, as in 90s, 10m or 2h",
    default: { value: writeDuration(EVERY_MS) },
  },
];

/** What to do how often. */
export interface ServeArgs {
  readonly everyMs: number;
}

/** `berth serve`. */
export const SERVE: Command<ServeArgs> = {
  name: "serve",
  usage: "[flags]",
  summary: "keep this host tidy, as a service",
  flags: SERVE_FLAGS,
  more:
    `Does what berth gc does: at its start, on HUP and every so often, each time as it is configured by then. It tells
systemd when the first time is over, and that it is alive. TERM ends it. Exit status: 0; 78 when it is called or
configured wrongly; 125 when something else went wrong. See berth systemd install.`,
  where: "here",
  parse: parseServeArgs,
  statusOf: (error) => error instanceof BerthError && /^(usage|config)\./.test(error.code) ? STATUS.config : undefined,
  act: async ({ everyMs }, words, { mainModule }) =>
    (await import("./daemon.ts")).runDaemon(everyMs, words, mainModule),
};

/** @throws {BerthError} `usage.*`. Pure. */
export function parseServeArgs(argv: readonly string[]): ServeArgs {
  const flags = parseNamed(argv, SERVE_FLAGS);
  expectNone(flags.rest, "berth serve");
  return { everyMs: optional(flags.value("every"), (text) => parseDuration(text, "--every")) ?? EVERY_MS };
}
