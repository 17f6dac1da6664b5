/**
 * What the kernel has counted for a group: what happened in it, and what it used. Absent is unknown, never 0.
 *
 * @module
 */

import { type CgroupFs, isErrno, joinPath } from "./cgroup_fs.ts";

/** Time that something stood still for want of a resource, ms (PSI's `total`). */
export interface Pressure {
  /** At least one of its tasks stood still. */
  readonly someMs?: number;
  /** All of them did. */
  readonly fullMs?: number;
}

/** Events and statistics of a group. */
export interface GroupUsage {
  /** Tasks of the group that any out-of-memory killer ended (`oom_kill`). */
  readonly oomKills?: number;
  /** How often the group was ended as a whole (`oom_group_kill`, from Linux 5.17 on). */
  readonly oomGroupKills?: number;
  /** How often the group's own limit, and no other's, was the reason (`memory.events.local`, `oom`). */
  readonly ownOoms?: number;
  /** How often `memory.high` slowed the group down. */
  readonly memoryHighEvents?: number;
  readonly memoryPeakBytes?: number;
  /** How often a process or thread was refused because of `pids.max`. */
  readonly pidsLimitHits?: number;
  readonly cpuMs?: number;
  readonly cpuThrottledPeriods?: number;
  readonly cpuThrottledMs?: number;
  readonly ioReadBytes?: number;
  readonly ioWrittenBytes?: number;
  readonly cpuPressure?: Pressure;
  readonly memoryPressure?: Pressure;
  readonly ioPressure?: Pressure;
}

/** Reads the events and statistics of a group. @param path the group. */
export async function readUsage(fs: CgroupFs, path: string): Promise<GroupUsage> {
  const read = (file: string) => readIfThere(fs, joinPath(path, file));
  const [events, local, peak, pids, cpu, io, ...pressures] = await Promise.all([
    ...["memory.events", "memory.events.local", "memory.peak", "pids.events", "cpu.stat", "io.stat"],
    ...["cpu.pressure", "memory.pressure", "io.pressure"],
  ].map(read));
  const [memoryEvents, localEvents, pidsEvents, cpuStat] = [events, local, pids, cpu].map(parseKeys);
  const [cpuPressure, memoryPressure, ioPressure] = pressures.map(parsePressure);
  return {
    oomKills: memoryEvents.oom_kill,
    oomGroupKills: memoryEvents.oom_group_kill,
    ownOoms: localEvents.oom,
    memoryHighEvents: memoryEvents.high,
    memoryPeakBytes: peak === undefined ? undefined : parseNumber(peak),
    pidsLimitHits: pidsEvents.max,
    cpuMs: toMillis(cpuStat.usage_usec),
    cpuThrottledPeriods: cpuStat.nr_throttled,
    cpuThrottledMs: toMillis(cpuStat.throttled_usec),
    ioReadBytes: sumOf(io, "rbytes"),
    ioWrittenBytes: sumOf(io, "wbytes"),
    cpuPressure,
    memoryPressure,
    ioPressure,
  };
}

/** Words of those events that say why something ended. */
export function describeEvents(usage: GroupUsage = {}): string[] {
  const { oomKills = 0, oomGroupKills = 0, ownOoms = 0, pidsLimitHits = 0 } = usage;
  return [
    ...(oomKills > 0 ? [`${oomKills} tasks killed for want of memory (oom_kill)`] : []),
    ...(oomGroupKills > 0 ? [`the group was killed as a whole (oom_group_kill ${oomGroupKills})`] : []),
    ...(ownOoms > 0 ? [`the group's own memory limit was the reason (oom ${ownOoms})`] : []),
    ...(pidsLimitHits > 0 ? [`${pidsLimitHits} processes or threads refused (pids.max)`] : []),
  ];
}

/** A file's content; undefined when the kernel has no such file here, or no such accounting. */
export async function readIfThere(fs: CgroupFs, path: string): Promise<string | undefined> {
  try {
    return await fs.read(path);
  } catch (error) {
    // Pressure files are there, but can't be read, where PSI is switched off on the kernel's command line.
    if (isErrno(error, "ENOENT", "EOPNOTSUPP", "ENODEV")) return undefined;
    throw error;
  }
}

/** Reads `key value` lines. */
export function parseKeys(content: string | undefined): Partial<Record<string, number>> {
  const lines = (content ?? "").split("\n").map((line) => line.split(" "));
  return Object.fromEntries(
    lines.filter((words) => words.length === 2).map(([key, value]) => [key, parseNumber(value)]),
  );
}

/** Sums a key of lines like `8:0 rbytes=1 wbytes=2`; a group that did no I/O has no lines, which is 0. */
function sumOf(content: string | undefined, key: string): number | undefined {
  if (content === undefined) return undefined;
  const values = [...content.matchAll(new RegExp(`(?:^| )${key}=(\\d+)`, "gm"))];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}

/** Reads lines like `some avg10=0.00 avg60=0.00 avg300=0.00 total=1234`; totals are in microseconds. */
function parsePressure(content: string | undefined): Pressure | undefined {
  if (content === undefined) return undefined;
  const total = (kind: string) => {
    const match = new RegExp(`^${kind} .*total=(\\d+)`, "m").exec(content);
    return match ? toMillis(Number(match[1])) : undefined;
  };
  return { someMs: total("some"), fullMs: total("full") };
}

function parseNumber(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function toMillis(micros: number | undefined): number | undefined {
  return micros === undefined ? undefined : Math.round(micros / 1000);
}
