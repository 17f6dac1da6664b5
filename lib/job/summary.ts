/**
 * What the events of a job come to. Pure.
 *
 * @module
 */

import type { DriverName } from "../cgroup/driver.ts";
import type { Limits } from "../cgroup/limits.ts";
import type { GroupUsage } from "../cgroup/usage.ts";
import type { Witness } from "../machine/events.ts";
import type { LogTail } from "../machine/files.ts";
import type { Accelerator } from "../vmm/vmm.ts";
import type { Told } from "./events.ts";
import type { Delivery } from "./output/source.ts";
import type { Verdict } from "./verdict.ts";

/** One thing that was seen. */
export interface Evidence {
  /** Milliseconds since the job's start. */
  readonly atMs: number;
  readonly source: Witness;
  readonly what: string;
}

/** Milliseconds of each phase; a phase that the job did not reach is absent. */
export interface Timings {
  readonly prepare?: number;
  readonly boot?: number;
  /** The part of `boot` from the VMM's start until the state of a template was in its VM. */
  readonly restore?: number;
  readonly run?: number;
  readonly cleanup?: number;
  readonly total?: number;
}

/** What is known of a job beside its verdict. */
export interface JobFacts {
  readonly started: boolean;
  readonly attempts: number;
  /** How its guest was run; absent: it came to no boot. */
  readonly accelerator?: Accelerator;
  /** How its guest came to be, and why it was booted although a clone was wanted; absent: none said hello. */
  readonly start?: "cold" | "clone";
  readonly startNote?: string;
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

/** What a finished job knows. */
export interface JobResult extends JobFacts {
  readonly verdict: Verdict;
}

/** What the events of a finished job say. @throws when it has no verdict yet: that is a bug. */
export function summarize(told: readonly Told[]): JobResult {
  const verdict = lastOf(told, "verdict")?.verdict;
  if (!verdict) throw new Error("the job has no verdict yet");
  return { ...readFacts(told), verdict };
}

/** What the events say so far. */
export function readFacts(told: readonly Told[]): JobFacts {
  const [attempt, start, group] = [lastOf(told, "attempt"), lastOf(told, "start"), lastOf(told, "group")];
  return {
    started: lastOf(told, "started")?.started ?? false,
    attempts: attempt?.attempt ?? 0,
    accelerator: attempt?.accelerator,
    start: start?.start,
    startNote: start?.why,
    driver: group?.driver,
    cgroup: group?.cgroup,
    unit: group?.unit,
    limits: lastOf(told, "limits")?.limits ?? group?.limits ?? {},
    timings: readTimings(told),
    usage: lastOf(told, "usage")?.usage,
    evidence: all(told, "seen").map(({ atMs, source, what }) => ({ atMs, source, what })),
    output: all(told, "output").map(({ delivery }) => delivery),
    logs: all(told, "log").map(({ log }) => log),
    troubles: all(told, "trouble").map(({ text }) => text),
  };
}

/** A phase begins where the one before ended, and the last one when the removal begins. */
function readTimings(told: readonly Told[]): Timings {
  const [prepare, boot, run, cleanup] = (["prepare", "boot", "run", "cleanup"] as const).map((phase) =>
    all(told, "phase").find((one) => one.phase === phase)?.atMs
  );
  const removal = all(told, "point").find(({ point }) => point === "removal")?.atMs;
  const between = (from?: number, to?: number) => from === undefined || to === undefined ? undefined : to - from;
  const times = {
    ...{ prepare: between(0, prepare), boot: between(prepare, boot) },
    ...{ restore: readRestore(told), run: between(boot, run) },
    ...{ cleanup: between(removal ?? cleanup, cleanup), total: cleanup },
  };
  return Object.fromEntries(Object.entries(times).filter(([, ms]) => ms !== undefined));
}

/** The last restore, if there was one: attempts that came to nothing before it are none of it. */
function readRestore(told: readonly Told[]): number | undefined {
  const end = told.findLastIndex((event) => event.kind === "phase" && event.phase === "restore");
  const launch = all(told.slice(0, Math.max(end, 0)), "point").findLast(({ point }) => point === "launch");
  return launch && told[end].atMs - launch.atMs;
}

type Of<K extends Told["kind"]> = Extract<Told, { kind: K }>;

function all<K extends Told["kind"]>(told: readonly Told[], kind: K): Of<K>[] {
  return told.filter((event): event is Of<K> => event.kind === kind);
}

function lastOf<K extends Told["kind"]>(told: readonly Told[], kind: K): Of<K> | undefined {
  return all(told, kind).at(-1);
}
