/**
 * `berth doctor` as a test calls it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Area, Finding } from "../../lib/doctor/finding.ts";
import { berth, type CallOptions, SCRATCH } from "./berth.ts";

/** Of its own: what other tests have left, and what berth remembers of them, is none of the doctor's. */
export const STATE = `${SCRATCH}/doctor`;

/** What it has found. */
export interface Diagnosis {
  readonly code: number;
  readonly findings: readonly Finding[];
  /** `STATUS ID` of all that is not ok. */
  readonly complaints: readonly string[];
}

/** Looks at some areas. */
export async function diagnose(
  areas: readonly Area[],
  options: CallOptions & { readonly flags?: readonly string[] } = {},
): Promise<Diagnosis> {
  const only = areas.flatMap((area) => ["--only", area]);
  const { code, stdout, stderr } = await berth(["doctor", "--json", ...only, ...options.flags ?? []], {
    state: STATE,
    ...options,
  });
  assertEquals([stderr, stdout.startsWith("{")], ["", true], `status ${code}: ${stdout}`);
  const { version, status, findings } = JSON.parse(stdout);
  assertEquals([version, code], [1, status === "fail" ? 1 : 0]);
  const notOk = findings.filter((finding: Finding) => finding.status !== "ok");
  return { code, findings, complaints: notOk.map((finding: Finding) => `${finding.status} ${finding.id}`) };
}

/** The command that mends a finding, as it is printed. */
export function fixOf({ findings }: Diagnosis, id: string): string {
  const fix = findings.find((finding) => finding.id === id)?.fix;
  if (!fix) throw new Error(`nothing mends ${id}: ${JSON.stringify(findings)}`);
  return fix;
}
