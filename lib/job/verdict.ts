/**
 * Why a job ended, from what was seen. Pure.
 *
 * @module
 */

import { BerthError, describeError, type ErrorCode, ERRORS } from "../base/errors.ts";
import { STATUS, statusOfSignal } from "../base/exit_status.ts";
import type { GroupUsage } from "../cgroup/usage.ts";
import type { VmExit, VmPause } from "../vmm/vmm.ts";
import { STOP_NUMBERS, type StopReason } from "./stop.ts";

/** Every way in which a job can end. */
export type VerdictName =
  | "succeeded"
  | "failed"
  | "timed-out"
  | "cancelled"
  | "oom-guest"
  | "oom-host"
  | "vmm-crashed"
  | "guest-lost"
  | "boot-failed"
  | "infra";

/** The status of a command that was not to be run. */
type RefusalStatus = typeof STATUS.notExecutable | typeof STATUS.noCommand;

/** What was seen at the end. */
export type End =
  | { readonly kind: "exited"; readonly code?: number; readonly signal?: number; readonly oomKills: number }
  | { readonly kind: "refused"; readonly status: RefusalStatus; readonly command: string; readonly why?: string }
  /** `isOver`: the agent has seen the job's end. */
  | { readonly kind: "timed-out"; readonly reason: string; readonly isOver: boolean }
  /** `isOver`: the agent has seen the job's end. */
  | { readonly kind: "cancelled"; readonly by: StopReason; readonly isOver: boolean }
  | { readonly kind: "boot-failed"; readonly reason: string }
  /** The job took more of the host's disk than it may. */
  | { readonly kind: "over-disk"; readonly reason: string }
  /** The VM ended under the job. */
  | { readonly kind: "vm-ended"; readonly exit: VmExit }
  /** The VMM has stopped the VM by itself, and waits. */
  | { readonly kind: "vm-paused"; readonly pause: VmPause }
  /** The VM runs, but its agent is gone. */
  | { readonly kind: "agent-lost"; readonly reason: string }
  | {
    readonly kind: "infra";
    readonly reason: string;
    readonly code?: ErrorCode;
    readonly hint?: string;
    readonly exitCode?: number;
  };

/** Whether the job has done what it was to do. */
export function hasSucceeded(end: End): boolean {
  return end.kind === "exited" && end.code === 0;
}

/** An end that berth is to blame for, or its caller. */
export function infra(error: unknown): End {
  if (!(error instanceof BerthError)) return { kind: "infra", reason: describeError(error) };
  return { kind: "infra", reason: error.message, code: error.code, hint: error.hint };
}

/** The verdict, and the exit status that berth gives it. */
export interface Verdict {
  readonly verdict: VerdictName;
  readonly status: number;
  /** The job's own, when it ended by itself. */
  readonly exitCode?: number;
  readonly signal?: number;
  readonly reason: string;
  /** The same for a program, where the verdict alone does not tell. */
  readonly code?: ErrorCode;
  /** What the reader can do about it. */
  readonly hint?: string;
}

const GUEST_OOM = "the guest's memory ran out; --memory gives it more";
const SIGKILL = 9;
/** What the kernel ends a process by that makes a file longer than it may: the same at another place. */
const SIGXFSZ = 25;

/** What is known beside the end. */
export interface Circumstances {
  /** Whether the job had started, or may have. */
  readonly started: boolean;
  /** What the host's kernel has counted in the VM's cgroup; absent where nobody counts. */
  readonly usage?: GroupUsage;
}

/** The verdict on an end. Nothing that may have run is ever told to be as good as new. */
export function decideVerdict(end: End, { started, usage = {} }: Circumstances): Verdict {
  const verdict = judge(end, usage);
  return started && verdict.status === STATUS.notDone && !isOwn(end) ? { ...verdict, status: STATUS.unknown } : verdict;
}

/** Whether the status is the job's own. */
function isOwn({ kind }: End): boolean {
  return kind === "exited" || kind === "refused";
}

function judge(end: End, usage: GroupUsage): Verdict {
  const killed = (usage.oomKills ?? 0) > 0 || (usage.oomGroupKills ?? 0) > 0;
  if (killed && ["vm-ended", "agent-lost", "boot-failed"].includes(end.kind)) {
    // The group's own limit, or one above it: its tenant's, or the host's memory as a whole.
    const elsewhere = usage.ownOoms === 0;
    return {
      verdict: "oom-host",
      status: statusOfSignal(SIGKILL),
      reason: elsewhere
        ? "the VM was ended for want of memory on the host or in its tenant's share, not by its own limit"
        : "the VM ran into the memory limit of its cgroup",
    };
  }
  switch (end.kind) {
    case "exited":
      return exited(end);
    case "refused":
      return { verdict: "failed", status: end.status, exitCode: end.status, reason: describeRefusal(end) };
    case "timed-out":
      return { verdict: "timed-out", status: STATUS.timedOut, reason: end.reason };
    case "cancelled":
      return cancelled(end.by);
    case "over-disk":
      return {
        ...{ verdict: "failed", status: statusOfSignal(SIGXFSZ), reason: end.reason },
        ...{ code: "job.disk", hint: ERRORS["job.disk"] },
      };
    case "vm-ended":
      return vmEnded(end.exit);
    case "vm-paused":
      return vmPaused(end.pause);
    case "agent-lost":
      return { verdict: "guest-lost", status: STATUS.notDone, reason: end.reason };
    case "boot-failed":
      return { verdict: "boot-failed", status: STATUS.notDone, reason: end.reason, hint: ERRORS["job.boot"] };
    case "infra":
      return infraOf(end);
  }
}

function describeRefusal({ status, command, why }: Extract<End, { kind: "refused" }>): string {
  if (status === STATUS.noCommand) return `${command}: there is no such command in the image`;
  return `${command}: it can't be executed${why ? `: ${why}` : ""}`;
}

function infraOf({ kind: _kind, ...end }: Extract<End, { kind: "infra" }>): Verdict {
  return { verdict: "infra", status: STATUS.notDone, ...end };
}

function exited({ code, signal, oomKills }: Extract<End, { kind: "exited" }>): Verdict {
  if (signal !== undefined) {
    const status = statusOfSignal(signal);
    if (signal === SIGKILL && oomKills > 0) {
      return { verdict: "oom-guest", status, signal, reason: GUEST_OOM };
    }
    return { verdict: "failed", status, signal, reason: `the job was ended by signal ${signal}` };
  }
  const exitCode = code ?? 0;
  // A shell's word for a command that was killed.
  if (exitCode === statusOfSignal(SIGKILL) && oomKills > 0) {
    return { verdict: "oom-guest", status: exitCode, exitCode, reason: GUEST_OOM };
  }
  if (exitCode === 0) {
    return { verdict: "succeeded", status: STATUS.done, exitCode, reason: "the job exited with status 0" };
  }
  const oom = oomKills > 0 ? "; the guest's memory ran out meanwhile, --memory gives it more" : "";
  return { verdict: "failed", status: exitCode, exitCode, reason: `the job exited with status ${exitCode}${oom}` };
}

function cancelled(by: StopReason): Verdict {
  const why = by === "SIGPIPE" ? "nobody reads its output any more" : `berth got ${by}`;
  return { verdict: "cancelled", status: statusOfSignal(STOP_NUMBERS[by]), reason: `the job was cancelled: ${why}` };
}

function vmPaused({ status, diskFull }: VmPause): Verdict {
  if (diskFull) {
    return judge(infra(new BerthError("host.disk-full", "a disk of the job can't grow: the host's disk is full")), {});
  }
  return {
    verdict: "vmm-crashed",
    status: STATUS.notDone,
    reason: `the VMM can't run the guest any more (${status})`,
  };
}

/** How a guest that ended under its job did so. */
const GUEST_ENDS: Partial<Record<VmExit["kind"], string>> = {
  "guest-panic": "its kernel panicked",
  "guest-off": "it was powered off",
  "guest-reset": "it was reset, by a panic or by the job",
};

function vmEnded({ kind, code, words }: VmExit): Verdict {
  const how = GUEST_ENDS[kind];
  if (how) {
    const reason = `the guest ended under the job: ${how}`;
    return { verdict: "guest-lost", status: STATUS.notDone, reason };
  }
  const crashed = { verdict: "vmm-crashed", status: STATUS.notDone } as const;
  if (kind === "cpu-time") {
    const reason = "the VMM used up the CPU time that berth gives it on a host without cgroup limits (ulimit -t)";
    return { ...crashed, reason, hint: ERRORS["host.limits"] };
  }
  if (kind === "signalled") return { ...crashed, reason: "the VMM was ended under the job by a signal of the host" };
  const last = words.split("\n").at(-1);
  const end = code > 128 ? `was ended by signal ${code - 128}` : `ended with status ${code}`;
  return { ...crashed, reason: `the VMM ${end} under the job${last ? ` (${last})` : ""}` };
}
