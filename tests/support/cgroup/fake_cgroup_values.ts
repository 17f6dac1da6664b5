/**
 * How the kernel reads the values that are written to interface files, and shows them. Pure.
 *
 * Each parser throws a {@linkcode Refused}. Facts are from the sources of Linux 6.1, and seen there.
 *
 * @module
 */

import type { Errno } from "../../../lib/cgroup/cgroup_fs.ts";

/** The kernel says no. */
export class Refused extends Error {
  constructor(readonly errno: Errno) {
    super(errno);
  }
}

/** Digits as `kstrtoull(…, 0, …)` takes them: decimal, `0x` and `0`. */
const INTEGER = /^([+-]?)(0x[0-9a-f]+|\d+)$/i;

function toBigInt(digits: string): bigint {
  if (/^0\d/.test(digits)) {
    if (/[89]/.test(digits)) throw new Refused("EINVAL");
    return BigInt(`0o${digits}`);
  }
  return BigInt(digits);
}

/** An integer between two bounds; outside of them it is ERANGE (lib/kstrtox.c). */
export function parseInteger(text: string, least: bigint, greatest: bigint): number {
  const match = INTEGER.exec(text);
  if (!match || (match[1] === "-" && least === 0n)) throw new Refused("EINVAL");
  const value = toBigInt(match[2]) * (match[1] === "-" ? -1n : 1n);
  if (value < least || value > greatest) throw new Refused("ERANGE");
  return Number(value);
}

/** kstrtoint(). */
export function parseInt32(text: string): number {
  return parseInteger(text, -(2n ** 31n), 2n ** 31n - 1n);
}

/** A weight of `cpu.weight`: outside of 1 to 10000 is ERANGE (kernel/sched/core.c, cpu_weight_write_u64). */
export function parseCpuWeight(text: string): string {
  const weight = parseInteger(text, 0n, 2n ** 64n - 1n);
  if (weight < 1 || weight > 10_000) throw new Refused("ERANGE");
  return String(weight);
}

/** `cgroup.max.*`: `max`, or from 0 on; below is ERANGE (kernel/cgroup/cgroup.c, cgroup_max_depth_write). */
export function parseTreeLimit(text: string): string {
  if (text === "max") return text;
  const value = parseInt32(text);
  if (value < 0) throw new Refused("ERANGE");
  return String(value);
}

/** `pids.max`: beyond PID_MAX_LIMIT is EINVAL, beyond 64 bits ERANGE (kernel/cgroup/pids.c, pids_max_write). */
export function parsePidsMax(text: string): string {
  if (text === "max") return text;
  const value = parseInteger(text, -(2n ** 63n), 2n ** 63n - 1n);
  if (value < 0 || value > 4_194_304) throw new Refused("EINVAL");
  return String(value);
}

const PAGE_BYTES = 4096n;
/** LONG_MAX / PAGE_SIZE (include/linux/page_counter.h); from there on it is no limit. */
const MOST_PAGES = (2n ** 63n - 1n) / PAGE_BYTES;

/**
 * `memory.*` in bytes: `max`, or a number with a suffix, rounded down to pages. Nothing at all is 0, and 64 bits wrap
 * around (mm/page_counter.c, page_counter_memparse; lib/cmdline.c, memparse).
 */
export function parseMemory(text: string): string {
  if (text === "max") return text;
  const match = /^(0x[0-9a-f]+|\d*)([kmgtpe]?)$/i.exec(text);
  if (!match) throw new Refused("EINVAL");
  const shift = BigInt("kmgtpe".indexOf(match[2].toLowerCase() || "-") + 1) * 10n;
  const pages = BigInt.asUintN(64, toBigInt(match[1] || "0") << shift) / PAGE_BYTES;
  return pages >= MOST_PAGES ? "max" : String(pages * PAGE_BYTES);
}

/** `memory.oom.group`: anything but 0 and 1 is EINVAL (mm/memcontrol.c, memory_oom_group_write). */
export function parseOomGroup(text: string): string {
  const value = parseInt32(text);
  if (value !== 0 && value !== 1) throw new Refused("EINVAL");
  return String(value);
}

/**
 * `cpu.max`: a quota of at least 1 ms or `max`, and a period of 1 ms to 1 s that stays what it was when none is given
 * (kernel/sched/core.c, cpu_period_quota_parse, tg_set_cfs_bandwidth). sscanf takes the digits in front of anything.
 */
export function parseCpuMax(text: string, before: string): string {
  const [first = "", second = ""] = text.split(/\s+/);
  const quota = first === "max" ? "max" : /^\d+/.exec(first)?.[0];
  const period = /^\d+/.exec(second)?.[0] ?? before.split(" ")[1];
  if (quota === undefined) throw new Refused("EINVAL");
  // 2^44 µs is all that fits the kernel's fixed point numbers (MAX_BW).
  if (quota !== "max" && (Number(quota) < 1000 || Number(quota) >= 2 ** 44)) throw new Refused("EINVAL");
  if (Number(period) < 1000 || Number(period) > 1_000_000) throw new Refused("EINVAL");
  return `${quota === "max" ? quota : Number(quota)} ${Number(period)}`;
}

/**
 * A list of CPUs or memory nodes: a number that can't be is ERANGE, one that could be but is not here EINVAL
 * (lib/bitmap.c, bitmap_parselist; kernel/cgroup/cpuset.c, update_cpumask).
 *
 * @param possible how many there can be
 * @param present how many there are
 */
export function parseCpuset(text: string, possible: number, present: number): string {
  if (text === "") return "";
  const numbers = new Set<number>();
  for (const part of text.split(",")) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (!match) throw new Refused("EINVAL");
    const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
    if (first > last) throw new Refused("EINVAL");
    if (last >= possible) throw new Refused("ERANGE");
    if (last >= present) throw new Refused("EINVAL");
    for (let number = first; number <= last; number++) numbers.add(number);
  }
  return formatList([...numbers].sort((a, b) => a - b));
}

/** Numbers in ascending order as the kernel shows them: `0-3,8`. */
export function formatList(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const range = ranges.at(-1);
    if (range && range[1] === number - 1) range[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => first === last ? `${first}` : `${first}-${last}`).join(",");
}
