/**
 * The report of a job: what `--report` writes. Absent means unknown, never 0.
 *
 * @module
 */

import type { GroupUsage } from "../cgroup/group.ts";
import type { JobPlan } from "./plan.ts";
import type { Verdict, VerdictName } from "./verdict.ts";

/** A limit, and who enforces it. */
export interface ReportedLimit {
  readonly value: number;
  readonly enforcedBy: "cgroup" | "none";
}

/** Milliseconds of each phase; a phase that the job did not reach is absent. */
export interface Timings {
  prepare?: number;
  boot?: number;
  run?: number;
  cleanup?: number;
  total?: number;
}

/** How a job went, as JSON. */
export interface Report {
  readonly id: string;
  readonly name?: string;
  readonly verdict: VerdictName;
  readonly exitCode: number | null;
  readonly signal: number | null;
  readonly reason: string;
  readonly accel?: "kvm" | "tcg";
  readonly image: string;
  readonly attempts: number;
  readonly limits: Readonly<Record<"memoryMaxBytes" | "pidsMax", ReportedLimit>>;
  readonly timingsMs: Timings;
  readonly usage: Omit<GroupUsage, "oomKills">;
}

/** What a finished job knows. */
export interface JobResult {
  readonly verdict: Verdict;
  readonly attempts: number;
  readonly limited: boolean;
  readonly timings: Timings;
  readonly usage?: GroupUsage;
  /** What went wrong beside the verdict, in cleanup above all. */
  readonly troubles: readonly string[];
}

/** The report of a job that ended before it had a plan. Pure. */
export function planEarlyReport(image: string, name: string | undefined, verdict: Verdict): Partial<Report> {
  return { name, verdict: verdict.verdict, exitCode: null, signal: null, reason: verdict.reason, image, attempts: 0 };
}

/** The report. Pure. */
export function planReport(plan: JobPlan, result: JobResult): Report {
  const enforcedBy = result.limited ? "cgroup" : "none";
  const { oomKills: _, ...usage } = result.usage ?? {};
  return {
    id: plan.id,
    name: plan.name,
    verdict: result.verdict.verdict,
    exitCode: result.verdict.exitCode ?? null,
    signal: result.verdict.signal ?? null,
    reason: result.verdict.reason,
    accel: plan.vm.accelerator,
    image: plan.image,
    attempts: result.attempts,
    limits: {
      memoryMaxBytes: { value: plan.limits.memoryMaxBytes, enforcedBy },
      pidsMax: { value: plan.limits.pidsMax, enforcedBy },
    },
    timingsMs: result.timings,
    usage,
  };
}
