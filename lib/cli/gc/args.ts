/**
 * The command line of `berth gc`, understood. Pure.
 *
 * @module
 */

import type { Flag } from "../line/flag.ts";
import { expectNone, parseNamed } from "../line/names.ts";
import { GROUP_PARENT } from "../line/shared_flags.ts";

/** Flags of `berth gc`. */
export const GC_FLAGS: readonly Flag[] = [
  GROUP_PARENT,
  { name: "json", help: "what went and what is left, as JSON on stdout" },
];

/** Where to look, and how to tell. */
export interface GcArgs {
  /** The group that VMs' groups were made in. */
  readonly parent: ReturnType<typeof GROUP_PARENT.read>;
  readonly json: boolean;
}

/** Reads it. @throws {BerthError} `usage.*`, `cgroup.form`. */
export function parseGcArgs(argv: readonly string[]): GcArgs {
  const flags = parseNamed(argv, GC_FLAGS);
  expectNone(flags.rest, "berth gc");
  const parent = GROUP_PARENT.read(flags);
  return { parent, json: flags.has("json") };
}
