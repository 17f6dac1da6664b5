/**
 * The report of a job: what `--report` writes. Absent means unknown, never 0.
 *
 * @module
 */

import type { ErrorCode } from "../base/errors.ts";
import { type IoMax, type LimitName, limitsIn } from "../cgroup/limits.ts";
import type { GroupUsage } from "../cgroup/usage.ts";
import type { Told } from "./events.ts";
import type { Delivery } from "./output/source.ts";
import type { JobPlan } from "./plan.ts";
import { type Evidence, type JobResult, summarize, type Timings } from "./summary.ts";
import type { Verdict, VerdictName } from "./verdict.ts";

/** A limit, and who enforces it. */
export interface ReportedLimit {
  readonly value: number | string | readonly IoMax[];
  readonly enforcedBy: "cgroup" | "systemd" | "rlimit" | "none";
}

/** The limits of a group, and those of the VMM's process where there is no group. */
export type ReportedLimitName = LimitName | "addressSpaceBytes" | "cpuSeconds";

/** How a job went, as JSON. */
export interface Report {
  readonly id: string;
  readonly name?: string;
  readonly verdict: VerdictName;
  readonly exitCode: number | null;
  readonly signal: number | null;
  readonly reason: string;
  /** The same for a program: a code of berth's errors, which stays the same. Absent where the verdict tells it all. */
  readonly code?: ErrorCode;
  /** Whether the job had started, or may have: only what has not can be tried again as if nothing had been. */
  readonly started: boolean;
  readonly accel?: "kvm" | "tcg";
  /** How its guest came to be; absent where none said hello. */
  readonly start?: "cold" | "clone";
  /** Why it was booted although a clone was wanted. */
  readonly startNote?: string;
  readonly image: string;
  readonly attempts: number;
  readonly limits: Readonly<Partial<Record<ReportedLimitName, ReportedLimit>>>;
  /** The folder of the VM's group, as the host saw it, and its unit where systemd made it; absent where it had none. */
  readonly cgroup?: string;
  readonly unit?: string;
  readonly timingsMs: Timings;
  readonly usage: GroupUsage;
  /** What the verdict rests on, in the order in which it was seen. */
  readonly evidence: readonly Evidence[];
  /** What went wrong beside that, in cleanup above all; it changes no verdict. */
  readonly troubles: readonly string[];
  /** The streams of the job that were not delivered whole; absent where nothing is missing. */
  readonly log?: { readonly stdout?: Delivery; readonly stderr?: Delivery };
}

/** The report of a job that ended before it had a plan. Pure. */
export function planEarlyReport(image: string, name: string | undefined, verdict: Verdict): Partial<Report> {
  const { verdict: kind, reason, code } = verdict;
  return { name, verdict: kind, exitCode: null, signal: null, reason, code, started: false, image, attempts: 0 };
}

/** The report. Pure. @param told all events of the job. */
export function planReport(plan: JobPlan, told: readonly Told[]): Report {
  const result = summarize(told);
  return {
    id: plan.id,
    name: plan.name,
    verdict: result.verdict.verdict,
    exitCode: result.verdict.exitCode ?? null,
    signal: result.verdict.signal ?? null,
    reason: result.verdict.reason,
    code: result.verdict.code,
    started: result.started,
    accel: result.accelerator ?? plan.vm.accelerator,
    start: result.start,
    startNote: result.startNote,
    image: plan.image,
    attempts: result.attempts,
    limits: planReportedLimits(plan, result),
    cgroup: result.cgroup,
    unit: result.unit,
    timingsMs: result.timings,
    usage: result.usage ?? {},
    evidence: result.evidence,
    troubles: result.troubles,
    log: planReportedLog(result),
  };
}

function planReportedLog({ output: [stdout, stderr] }: JobResult): Report["log"] {
  const [out, err] = [stdout, stderr].map((delivery) => delivery?.missingBytes ? delivery : undefined);
  return out || err ? { stdout: out, stderr: err } : undefined;
}

/** Every limit that the job was to have: those that were in force, and those that nobody enforced. */
function planReportedLimits(plan: JobPlan, { driver, attempts, limits: inForce }: JobResult): Report["limits"] {
  const enforcedBy = driver === "systemd" ? "systemd" : "cgroup";
  const limits = limitsIn({ ...plan.limits, ...inForce }).map((name): [ReportedLimitName, ReportedLimit] => {
    const value = inForce[name];
    return [name, value === undefined ? { value: plan.limits[name]!, enforcedBy: "none" } : { value, enforcedBy }];
  });
  // Of last resort: a VM that has a group has none of them, and neither has one that never was.
  const isWithout = driver === undefined && attempts > 0;
  const rlimits = Object.entries(isWithout ? plan.vm.rlimits ?? {} : {}).map((
    [name, value],
  ) => [name, { value, enforcedBy: "rlimit" }]);
  return Object.fromEntries([...limits, ...rlimits]);
}
