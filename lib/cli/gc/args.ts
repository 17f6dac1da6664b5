/**
 * The command line of `berth gc`, understood. Pure.
 *
 * @module
 */

import { type GroupParent, parseParent } from "../../cgroup/parent.ts";
import { GC_FLAGS } from "../line/flags.ts";
import { parseFlags } from "../line/parse.ts";
import { expectNone } from "../line/subcommand.ts";

/** Where to look, and how to tell. */
export interface GcArgs {
  /** The group that VMs' groups were made in. */
  readonly parent: GroupParent;
  readonly json: boolean;
}

/** Reads it. @throws {BerthError} `usage.*`, `cgroup.form`. */
export function parseGcArgs(argv: readonly string[]): GcArgs {
  const flags = parseFlags(argv, GC_FLAGS);
  expectNone(flags.rest, "berth gc");
  // With this driver it is never a unit: systemd's scopes end by themselves.
  const parent = parseParent(flags.value("cgroup-parent") ?? "self", "cgroupfs") as GroupParent;
  return { parent, json: flags.has("json") };
}
