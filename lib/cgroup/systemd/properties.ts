/**
 * What systemd calls things: limits as properties of a unit, slices as folders, names as parts of unit names. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { IO_KEYS, type IoMax, type LimitName, type Limits, limitsIn } from "../limits.ts";

/** Properties of systemd.resource-control(5), by the limit that they set. */
const PROPERTIES: Readonly<Record<LimitName, readonly string[]>> = {
  memoryMaxBytes: ["MemoryMax"],
  memoryHighBytes: ["MemoryHigh"],
  swapMaxBytes: ["MemorySwapMax"],
  pidsMax: ["TasksMax"],
  cpuQuotaPercent: ["CPUQuota"],
  cpuWeight: ["CPUWeight"],
  ioWeight: ["IOWeight"],
  ioMax: ["IOReadBandwidthMax", "IOWriteBandwidthMax", "IOReadIOPSMax", "IOWriteIOPSMax"],
  cpus: ["AllowedCPUs"],
  mems: ["AllowedMemoryNodes"],
};

/** Slice that scopes go into where none is given. */
export const DEFAULT_SLICE = "berth.slice";
/** Beginning of scopes' names where none is given. */
export const DEFAULT_PREFIX = "berth";

/** UNIT_NAME_MAX is 256 with the NUL at the end. */
const MOST_UNIT_NAME_BYTES = 255;

/** Limits as assignments for `systemd-run -p` and `systemctl set-property`. */
export function limitProperties(limits: Limits): string[] {
  return limitsIn(limits).flatMap((name) => {
    if (name === "ioMax") return limits.ioMax!.flatMap(ioProperties);
    const value = name === "cpuQuotaPercent" ? formatQuota(limits.cpuQuotaPercent!) : limits[name];
    return [`${PROPERTIES[name][0]}=${value}`];
  });
}

/** Assignments that take limits off: an empty one is unlimited for all but TasksMax, which has a default in scopes. */
export function resetProperties(names: readonly LimitName[]): string[] {
  return names.flatMap((name) => PROPERTIES[name].map((one) => one === "TasksMax" ? "TasksMax=infinity" : `${one}=`));
}

/**
 * systemd takes two decimals; below 1 % it makes the period longer, as the kernel takes no quota under 1 ms: seen with
 * 252, 0.5 % is "1000 200000". berth's periods are all the same, and so its least is 1 %.
 */
function formatQuota(percent: number): string {
  if (percent === 0) return "";
  return `${Number(Math.max(1, percent).toFixed(2))}%`;
}

function ioProperties(max: IoMax): string[] {
  // systemd reads the numbers from this name; there need not be such a node.
  const device = `/dev/block/${max.device}`;
  // The properties are in the order of the keys.
  return IO_KEYS.flatMap((rate, index) =>
    max[rate] === undefined ? [] : [`${PROPERTIES.ioMax[index]}=${device} ${max[rate]}`]
  );
}

/**
 * Folder of a slice below the root of its manager's tree: a dash in the name is a slice above.
 *
 * @example
 * ```ts
 * import { slicePath } from "./properties.ts";
 * slicePath("a-b.slice"); // "a.slice/a-b.slice"
 * ```
 */
export function slicePath(slice: string): string {
  if (slice === "-.slice") return "";
  const parts = slice.slice(0, -".slice".length).split("-");
  if (!/^[\w.\\:]+(-[\w.\\:]+)*\.slice$/.test(slice)) {
    throw new BerthError(
      "cgroup.form",
      `"${slice}" is not the name of a slice; they look like berth.slice or ci-jobs.slice`,
    );
  }
  return parts.map((_, index) => `${parts.slice(0, index + 1).join("-")}.slice`).join("/");
}

/**
 * Text as a part of a unit's name, as systemd-escape(1) does it: what is not a letter, a digit, `:`, `_` or `.` becomes
 * `\xHH`. A slash does too, where systemd-escape makes a dash of it: that would be a slice above.
 */
export function escapeUnitPart(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return Array.from(bytes, (byte, index) => {
    const letter = String.fromCharCode(byte);
    const isPlain = /[A-Za-z0-9:_.]/.test(letter) && !(index === 0 && letter === ".");
    return isPlain ? letter : `\\x${byte.toString(16).padStart(2, "0")}`;
  }).join("");
}

/** Slice of a tenant, in the slice of all VMs. */
export function tenantSlice(slice: string, tenant: string): string {
  const parent = slice === "-.slice" ? "" : `${slice.slice(0, -".slice".length)}-`;
  return expectShort(`${parent}${escapeUnitPart(tenant)}.slice`, `the tenant "${tenant}"`);
}

/**
 * Name of a VM's scope. A dash means nothing here. @throws {BerthError} `usage.value` for what no unit's name may have.
 */
export function scopeName(prefix: string, name: string): string {
  if (!/^[\w.:\\][\w.:\\-]*$/.test(`${prefix}-${name}`)) {
    throw new BerthError(
      "usage.value",
      `"${prefix}-${name}" can't be a scope's name; it takes letters, digits and - _ .`,
    );
  }
  return expectShort(`${prefix}-${name}.scope`, `the VM "${name}"`);
}

function expectShort(unit: string, whose: string): string {
  if (unit.length <= MOST_UNIT_NAME_BYTES) return unit;
  throw new BerthError(
    "usage.value",
    `the name of ${whose} makes a unit's name of ${unit.length} bytes; systemd takes ${MOST_UNIT_NAME_BYTES}`,
  );
}
