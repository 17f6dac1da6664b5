/**
 * The command line of commands that list something: `berth image ls`, `berth cache ls`. Pure.
 *
 * @module
 */

import type { Flag } from "./flag.ts";
import { expectNone, parseNamed } from "./names.ts";

/** Flags of commands that list something. */
export const LS_FLAGS: readonly Flag[] = [
  { name: "json", help: "as JSON: the same fields for each, null for what is not known" },
];

/** @param command as in `berth image ls`. @throws {BerthError} `usage.*`. */
export function parseListArgs(argv: readonly string[], command: string): { json: boolean } {
  const flags = parseNamed(argv, LS_FLAGS);
  expectNone(flags.rest, command);
  return { json: flags.has("json") };
}
