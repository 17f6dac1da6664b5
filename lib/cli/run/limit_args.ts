/**
 * The flags that ask for limits, devices, and a place in the cgroup tree. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { parseCount, parseSize } from "../../base/units.ts";
import type { Tenant } from "../../cgroup/driver.ts";
import { IO_KEYS, type IoMax, type Limits, parseList } from "../../cgroup/limits.ts";
import { parseParent } from "../../cgroup/parent.ts";
import type { JobSpec, Need } from "../../job/spec.ts";
import { GROUP_FLAGS } from "../line/flags.ts";
import type { ParsedFlags } from "../line/parse.ts";
import { choice, optional, parseMemory, parsePercent, parsePids, parseQuota, withoutAbsent } from "../line/values.ts";

/** The part of a job's spec that is about its group. */
export type GroupSpec = Pick<
  JobSpec,
  "limits" | "groupLimits" | "tenant" | "cgroupParent" | "cgroupDriver" | "supervisorMemoryBytes" | "devices"
>;

/** Reads them for `berth run`. @throws {BerthError} `usage.*`, `cgroup.form`. */
export function parseGroupSpec(flags: ParsedFlags): GroupSpec {
  const limits = choice<Need>(flags, "limits", ["auto", "require", "off"]);
  if (limits === "off") refuseGroupFlags(flags);
  const cgroupDriver = choice(flags, "cgroup-driver", ["auto", "cgroupfs", "systemd"] as const);
  return {
    limits,
    groupLimits: parseLimits(flags),
    tenant: parseTenant(flags),
    cgroupParent: parseParent(flags.value("cgroup-parent") ?? "self", cgroupDriver),
    cgroupDriver,
    ...withoutAbsent({ supervisorMemoryBytes: optional(flags.value("supervisor-memory"), parseSupervisorMemory) }),
    devices: flags.values("device"),
  };
}

function parseSupervisorMemory(text: string): number {
  return parseSize(text, "--supervisor-memory");
}

/** A limit that was asked for is never left out in silence. */
function refuseGroupFlags(flags: ParsedFlags): void {
  const given = GROUP_FLAGS.filter(({ name }) => flags.values(name).length).map(({ name }) => `--${name}`);
  if (given.length === 0) return;
  throw new BerthError("usage.flag", `--limits off would leave out ${given.join(" and ")}; give one or the other`);
}

/** The limits that `berth run` and `berth update` have in common; absent is not limited, or left as it is. */
export function parseLimits(flags: ParsedFlags): Limits {
  const read = <T>(name: string, parse: (text: string, flag: string) => T): T | undefined =>
    optional(flags.value(name), (text) => parse(text, `--${name}`));
  const rates = flags.values("io-max").map(parseIoMax);
  const twice = rates.find(({ device }, index) => rates.findIndex((other) => other.device === device) < index);
  if (twice) {
    const advice = `write ${twice.device}:KEY=RATE,KEY=RATE`;
    throw new BerthError("usage.value", `--io-max: ${twice.device} is named more than once; ${advice}`);
  }
  return withoutAbsent({
    memoryHighBytes: read("memory-high", parseMemory),
    swapMaxBytes: read("swap", parseSize),
    cpuQuotaPercent: read("cpu-quota", parseQuota),
    cpuWeight: read("cpu-weight", parseWeight),
    ioWeight: read("io-weight", parseWeight),
    ioMax: rates.length ? rates : undefined,
    cpus: read("cpuset", parseSet),
    mems: read("cpuset-mems", parseSet),
  });
}

function parseWeight(text: string, flag: string): number {
  return parseCount(text, flag, 1, 10_000);
}

function parseSet(text: string, flag: string): string {
  parseList(text, flag);
  return text;
}

/** The kernel keeps operations in 32 bits, and takes the largest number for no limit (block/blk-throttle.c). */
const MOST_OPERATIONS = 0xffff_fffe;

/** Reads `DEV:KEY=RATE,KEY=RATE`. */
function parseIoMax(text: string): IoMax {
  const wrong = (what: string) => {
    const right = "write DEV:KEY=RATE, as in sda:rbps=10M,wiops=500, with the keys rbps wbps riops wiops";
    return new BerthError("usage.value", `--io-max: "${text}" ${what}; ${right}`);
  };
  // A device may have colons of its own, as in 8:0 and in /dev/disk/by-path.
  const colon = text.lastIndexOf(":");
  const rates: Partial<Record<typeof IO_KEYS[number], number>> = {};
  for (const part of text.slice(colon + 1).split(",")) {
    const [name, value, ...rest] = part.split("=");
    const key = IO_KEYS.find((one) => one === name);
    if (colon < 0 || !key || !value || rest.length) throw wrong(`has no rate in "${part}"`);
    if (rates[key] !== undefined) throw wrong(`has ${key} more than once`);
    rates[key] = parseRate(value, key);
  }
  const device = parseDisk(text.slice(0, colon));
  if (device === undefined) throw wrong("names no disk: that is MAJOR:MINOR, a path in /dev, or a name like sda");
  return { device, ...rates };
}

function parseRate(text: string, key: string): number {
  if (key.endsWith("iops")) return parseCount(text, `--io-max ${key}`, 1, MOST_OPERATIONS);
  const bytes = parseSize(text, `--io-max ${key}`);
  if (bytes > 0) return bytes;
  throw new BerthError("usage.value", `--io-max ${key}: the kernel takes no rate of 0; give 1 or more`);
}

/** `MAJOR:MINOR`, a name in /dev, or a path below a folder in /dev; undefined for anything else. */
function parseDisk(text: string): string | undefined {
  if (/^\d{1,4}:\d{1,7}$/.test(text)) return text.split(":").map(Number).join(":");
  // A name and its path in /dev are the same disk.
  const name = text.replace(/^\/dev\//, "");
  if (/^\.+$/.test(name)) return undefined;
  if (/^[\w.!+-]+$/.test(name)) return name;
  const isPath = /^\/dev(?:\/[\w.:,+@!=\\-]+)+$/.test(text) && !/\/\.+(?:\/|$)/.test(text);
  return isPath ? text : undefined;
}

const TENANT_LIMITS = ["tenant-memory", "tenant-swap", "tenant-pids", "tenant-cpu-quota"] as const;

function parseTenant(flags: ParsedFlags): Tenant | undefined {
  const name = flags.value("tenant");
  if (name === undefined) {
    const given = TENANT_LIMITS.find((one) => flags.value(one) !== undefined);
    if (given) throw new BerthError("usage.flag", `--${given} needs --tenant NAME`);
    return undefined;
  }
  const read = (flag: typeof TENANT_LIMITS[number], parse: (text: string, flag: string) => number) =>
    optional(flags.value(flag), (text) => parse(text, `--${flag}`));
  const limits = withoutAbsent({
    memoryMaxBytes: read("tenant-memory", parseMemory),
    swapMaxBytes: read("tenant-swap", parseSize),
    pidsMax: read("tenant-pids", parsePids),
    cpuQuotaPercent: read("tenant-cpu-quota", parsePercent),
  });
  return { name: parseTenantName(name), limits };
}

function parseTenantName(text: string): string {
  // Without a letter or digit no group can be named after it; the rest is for those who read it in logs.
  if (/[A-Za-z0-9]/.test(text) && !/\p{Cc}/u.test(text) && text.length <= 128) return text;
  const shown = JSON.stringify(text.slice(0, 64));
  const right = "use up to 128 characters, a letter (A-Z, a-z) or digit among them, and no control characters";
  throw new BerthError("usage.value", `--tenant: ${shown} is not a tenant's name; ${right}`);
}
