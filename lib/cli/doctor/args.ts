/**
 * The command line of `berth doctor`, understood. Pure.
 *
 * @module
 */

import type { TryRequest } from "../../app/try_host.ts";
import { BerthError } from "../../base/errors.ts";
import { didYouMean } from "../../base/nearest.ts";
import { type Area, AREAS } from "../../doctor/finding.ts";
import type { Flag } from "../line/flag.ts";
import { expectNone, parseNamed } from "../line/names.ts";
import { GROUP_PARENT, JAIL_USERS } from "../line/shared_flags.ts";

/** Flags of `berth doctor`. */
export const DOCTOR_FLAGS: readonly Flag[] = [
  { name: "only", value: AREAS.join("|"), help: "look at this area only", repeats: true },
  GROUP_PARENT,
  JAIL_USERS,
  { name: "json", help: "the findings as JSON on stdout" },
];

/** Where to look, and how to tell. */
export interface DoctorArgs extends TryRequest {
  readonly json: boolean;
}

/** Reads it. @throws {BerthError} `usage.*`, `cgroup.form`. */
export function parseDoctorArgs(argv: readonly string[]): DoctorArgs {
  const flags = parseNamed(argv, DOCTOR_FLAGS);
  expectNone(flags.rest, "berth doctor");
  const only = flags.values("only").map(expectArea);
  const parent = GROUP_PARENT.read(flags);
  const areas = only.length ? AREAS.filter((area) => only.includes(area)) : AREAS;
  const uidRange = JAIL_USERS.read(flags);
  return { areas, parent, uidRange, json: flags.has("json") };
}

function expectArea(name: string): Area {
  const area = AREAS.find((one) => one === name);
  if (area) return area;
  throw new BerthError(
    "usage.value",
    `--only: "${name}" is no area${didYouMean(name, AREAS)}; there are ${AREAS.join(", ")}`,
  );
}
