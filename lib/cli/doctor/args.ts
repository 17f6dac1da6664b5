/**
 * The command line of `berth doctor`, understood. Pure.
 *
 * @module
 */

import type { TryRequest } from "../../app/try_host.ts";
import { BerthError } from "../../base/errors.ts";
import { didYouMean } from "../../base/nearest.ts";
import { type GroupParent, parseParent } from "../../cgroup/parent.ts";
import { type Area, AREAS } from "../../doctor/finding.ts";
import { DEFAULT_UID_RANGE } from "../../job/spec.ts";
import { DOCTOR_FLAGS } from "./flags.ts";
import { parseFlags } from "../line/parse.ts";
import { expectNone } from "../line/subcommand.ts";
import { optional, parseUidRange } from "../line/values.ts";

/** Where to look, and how to tell. */
export interface DoctorArgs extends TryRequest {
  readonly json: boolean;
}

/** Reads it. @throws {BerthError} `usage.*`, `cgroup.form`. */
export function parseDoctorArgs(argv: readonly string[]): DoctorArgs {
  const flags = parseFlags(argv, DOCTOR_FLAGS);
  expectNone(flags.rest, "berth doctor");
  const only = flags.values("only").map(expectArea);
  const parent = parseParent(flags.value("cgroup-parent") ?? "self", "cgroupfs") as GroupParent;
  const areas = only.length ? AREAS.filter((area) => only.includes(area)) : AREAS;
  const uidRange = optional(flags.value("uid-range"), parseUidRange) ?? DEFAULT_UID_RANGE;
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
