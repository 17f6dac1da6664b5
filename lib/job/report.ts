/**
 * The report of a job: what `--report` writes. Absent means unknown, never 0.
 *
 * @module
 */

import type { ErrorCode } from "../base/errors.ts";
import type { DriverName } from "../cgroup/driver.ts";
import { type IoMax, type LimitName, type Limits, limitsIn } from "../cgroup/limits.ts";
import type { GroupUsage } from "../cgroup/usage.ts";
import type { Accelerator } from "../vmm/vmm.ts";
import type { Evidence } from "./evidence.ts";
import type { LogTail } from "./files.ts";
import type { Delivery } from "./output/source.ts";
import type { JobPlan } from "./plan.ts";
import type { Verdict, VerdictName } from "./verdict.ts";

/** A limit, and who enforces it. */
export interface ReportedLimit {
  readonly value: number | string | readonly IoMax[];
  readonly enforcedBy: "cgroup" | "systemd" | "rlimit" | "none";
}

/** Milliseconds of each phase; a phase that the job did not reach is absent. */
export interface Timings {
  prepare?: number;
  boot?: number;
  run?: number;
  cleanup?: number;
  total?: number;
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

/** What a finished job knows. */
export interface JobResult {
  readonly verdict: Verdict;
  readonly started: boolean;
  readonly attempts: number;
  /** How its guest was run; absent: it came to no boot. */
  readonly accelerator?: Accelerator;
  /** Who made the VM's group; absent: it had none. */
  readonly driver?: DriverName;
  readonly cgroup?: string;
  readonly unit?: string;
  /** The limits that were in force at the end, as the kernel said. */
  readonly limits: Limits;
  readonly timings: Timings;
  readonly usage?: GroupUsage;
  readonly evidence: readonly Evidence[];
  /** What became of the job's stdout and stderr; empty where there was no job to print. */
  readonly output: readonly Delivery[];
  readonly logs: readonly LogTail[];
  /** What went wrong beside the verdict, in cleanup above all. */
  readonly troubles: readonly string[];
}

/** The report of a job that ended before it had a plan. Pure. */
export function planEarlyReport(image: string, name: string | undefined, verdict: Verdict): Partial<Report> {
  const { verdict: kind, reason, code } = verdict;
  return { name, verdict: kind, exitCode: null, signal: null, reason, code, started: false, image, attempts: 0 };
}

/** The report. Pure. */
export function planReport(plan: JobPlan, result: JobResult): Report {
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
function planReportedLimits(plan: JobPlan, { driver, limits: inForce }: JobResult): Report["limits"] {
  const enforcedBy = driver === "systemd" ? "systemd" : "cgroup";
  const limits = limitsIn({ ...plan.limits, ...inForce }).map((name): [ReportedLimitName, ReportedLimit] => {
    const value = inForce[name];
    return [name, value === undefined ? { value: plan.limits[name]!, enforcedBy: "none" } : { value, enforcedBy }];
  });
  const rlimits = Object.entries(plan.vm.rlimits ?? {}).map(([name, value]) => [name, { value, enforcedBy: "rlimit" }]);
  return Object.fromEntries([...limits, ...rlimits]);
}
