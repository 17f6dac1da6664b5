/**
 * The limits of a group, and the writes that set them. Pure.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";

/** Controller of cgroup v2 that berth has a use for. */
export type Controller = "memory" | "pids" | "cpu" | "io" | "cpuset";

/** Controllers without which there is no containment. */
export const MUST_HAVE: readonly Controller[] = ["memory", "pids"];
/** Controllers that are needed only by the limits that are theirs. */
export const OPTIONAL: readonly Controller[] = ["cpu", "io", "cpuset"];

/** Rates of one block device, per second. */
export interface IoMax {
  /** `MAJOR:MINOR` of a whole disk. */
  readonly device: string;
  readonly rbps?: number;
  readonly wbps?: number;
  readonly riops?: number;
  readonly wiops?: number;
}

/** The limits of a group. Absent is: not limited by it. */
export interface Limits {
  /** `memory.max`. */
  readonly memoryMaxBytes?: number;
  /** `memory.high`: above it the group is slowed down, and its memory reclaimed. */
  readonly memoryHighBytes?: number;
  /** `memory.swap.max`; 0 is no swap at all. */
  readonly swapMaxBytes?: number;
  /** `pids.max`: processes and threads. */
  readonly pidsMax?: number;
  /** `cpu.max`: 100 is the time of one core, 0 is no limit. */
  readonly cpuQuotaPercent?: number;
  /** `cpu.weight`: 1 to 10000, where others have 100. */
  readonly cpuWeight?: number;
  /** `io.weight`: 1 to 10000, where others have 100. */
  readonly ioWeight?: number;
  /** `io.max`. */
  readonly ioMax?: readonly IoMax[];
  /** `cpuset.cpus`, as in `0-3,8`. */
  readonly cpus?: string;
  /** `cpuset.mems`, as in `0-1`. */
  readonly mems?: string;
}

/** Name of a limit. */
export type LimitName = keyof Limits;

/** The period of `cpu.max`: the kernel's own default. */
export const CPU_PERIOD_MICROS = 100_000;

/** The least quota that the kernel takes: 1 ms in a period (kernel/sched/core.c, min_cfs_quota_period). */
const LEAST_QUOTA_MICROS = 1000;

/** memory.* files round down to pages; 64 KiB is the largest page size of a Linux kernel. */
export const LARGEST_PAGE_BYTES = 65_536;

/** Write to one file, and the limit that it is for. */
export interface LimitWrite {
  readonly limit: LimitName;
  readonly file: string;
  readonly value: string;
  /** Whether the file, read back, says that the limit is in force. */
  readonly isInForce: (content: string) => boolean;
}

/** Controller that a limit needs. */
export const CONTROLLER_OF: Readonly<Record<LimitName, Controller>> = {
  memoryMaxBytes: "memory",
  memoryHighBytes: "memory",
  swapMaxBytes: "memory",
  pidsMax: "pids",
  cpuQuotaPercent: "cpu",
  cpuWeight: "cpu",
  ioWeight: "io",
  ioMax: "io",
  cpus: "cpuset",
  mems: "cpuset",
};

/** File of a limit, for messages as well. */
export const FILE_OF: Readonly<Record<LimitName, string>> = {
  memoryMaxBytes: "memory.max",
  memoryHighBytes: "memory.high",
  swapMaxBytes: "memory.swap.max",
  pidsMax: "pids.max",
  cpuQuotaPercent: "cpu.max",
  cpuWeight: "cpu.weight",
  ioWeight: "io.weight",
  ioMax: "io.max",
  cpus: "cpuset.cpus",
  mems: "cpuset.mems",
};

/** Names of all limits, in the order in which they are written: what guards the host from the VM comes first. */
export const LIMIT_NAMES = Object.keys(FILE_OF) as readonly LimitName[];

/** Names of the limits that are set. */
export function limitsIn(limits: Limits): LimitName[] {
  return LIMIT_NAMES.filter((name) => limits[name] !== undefined);
}

/** Writes that put limits in force, in order. */
export function planWrites(limits: Limits): LimitWrite[] {
  return limitsIn(limits).flatMap((name) => writesOf(name, limits));
}

function writesOf(limit: LimitName, limits: Limits): LimitWrite[] {
  const write = (value: string, isInForce: LimitWrite["isInForce"]) => [
    { limit, file: FILE_OF[limit], value, isInForce },
  ];
  switch (limit) {
    case "memoryMaxBytes":
    case "memoryHighBytes":
    case "swapMaxBytes": {
      const bytes = limits[limit]!;
      return write(String(bytes), (content) => isRoundedDown(content, bytes));
    }
    case "cpuQuotaPercent": {
      const quota = limits.cpuQuotaPercent === 0 ? "max" : quotaMicros(limits.cpuQuotaPercent!);
      const value = `${quota} ${CPU_PERIOD_MICROS}`;
      return write(value, (content) => content === value);
    }
    case "pidsMax":
    case "cpuWeight": {
      const value = String(limits[limit]);
      return write(value, (content) => content === value);
    }
    case "ioWeight": {
      const value = String(limits.ioWeight);
      // Devices with a weight of their own have lines below.
      return write(value, (content) => content.split("\n")[0] === `default ${value}`);
    }
    case "ioMax":
      return limits.ioMax!.map((max) => ({ limit, file: FILE_OF.ioMax, ...ioWrite(max) }));
    case "cpus":
    case "mems": {
      const wanted = limits[limit]!;
      return write(wanted, (content) => sameList(content, wanted));
    }
  }
}

/** Quota of `cpu.max`, microseconds of a period. @param percent of one core. */
export function quotaMicros(percent: number): number {
  return Math.max(LEAST_QUOTA_MICROS, Math.round(percent * CPU_PERIOD_MICROS / 100));
}

function isRoundedDown(content: string, bytes: number): boolean {
  const got = Number(content);
  return content !== "" && got <= bytes && bytes - got < LARGEST_PAGE_BYTES;
}

/** Keys of `io.max`. */
export const IO_KEYS = ["rbps", "wbps", "riops", "wiops"] as const;

function ioWrite(max: IoMax): Pick<LimitWrite, "value" | "isInForce"> {
  const rates = IO_KEYS.flatMap((key) => max[key] === undefined ? [] : [`${key}=${max[key]}`]);
  return {
    value: [max.device, ...rates].join(" "),
    isInForce: (content) => {
      const line = content.split("\n").find((one) => one.startsWith(`${max.device} `))?.split(" ") ?? [];
      return rates.every((rate) => line.includes(rate));
    },
  };
}

/** Numbers of a list as the kernel writes them: `0-3,8`. @throws {BerthError} `usage.value`. */
export function parseList(text: string, what: string): number[] {
  const numbers = new Set<number>();
  for (const part of text.split(",")) {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part);
    const [first, last] = match ? [Number(match[1]), Number(match[2] ?? match[1])] : [1, 0];
    if (first > last) throw new BerthError("usage.value", `${what}: "${text}" is not a list; write 0-3 or 0,2`);
    for (let number = first; number <= last; number++) numbers.add(number);
  }
  return [...numbers].sort((a, b) => a - b);
}

function sameList(content: string, wanted: string): boolean {
  return content !== "" && parseList(content, "cpuset").join() === parseList(wanted, "cpuset").join();
}

/** True for a disk that is given by its number, and not by a name that somebody has to look up. */
export function isDiskNumber(device: string): boolean {
  return /^\d+:\d+$/.test(device);
}

/**
 * Limits with the numbers of disks instead of their names. @param name what its caller calls these limits.
 *
 * @throws {BerthError} `usage.value` for a disk that is not there.
 */
export function withDiskNumbers(limits: Limits, numbers: ReadonlyMap<string, string>, name: string): Limits {
  if (!limits.ioMax) return limits;
  const ioMax = limits.ioMax.map((max) => {
    const device = isDiskNumber(max.device) ? max.device : numbers.get(max.device);
    if (device === undefined) throw new BerthError("usage.value", `${name}: there is no disk ${max.device} here`);
    return { ...max, device };
  });
  return { ...limits, ioMax };
}

/** Limits without some of them. */
export function withoutLimits(limits: Limits, names: readonly LimitName[]): Limits {
  return Object.fromEntries(Object.entries(limits).filter(([name]) => !names.includes(name as LimitName)));
}
