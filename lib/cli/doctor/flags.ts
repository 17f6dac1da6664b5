/**
 * The flags of `berth doctor`, and its help. Apart from the other commands', which need not load the list of areas.
 *
 * @module
 */

import { AREAS } from "../../doctor/finding.ts";
import { type Flag, UID_RANGE } from "../line/flags.ts";
import { helpOf } from "../line/help.ts";

/** Flags of `berth doctor`. */
export const DOCTOR_FLAGS: readonly Flag[] = [
  { name: "only", value: AREAS.join("|"), help: "look at this area only", repeats: true },
  {
    name: "cgroup-parent",
    value: "self|PATH",
    help: "the group that VMs' groups are to be made in (default self: berth's own)",
  },
  UID_RANGE,
  { name: "json", help: "the findings as JSON on stdout" },
];

/** `berth doctor --help`. */
export function doctorHelp(): string {
  return helpOf("doctor", DOCTOR_FLAGS);
}
