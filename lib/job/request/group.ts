/**
 * What a request says of its VM's group, in the terms of groups. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import type { Tenant } from "../../cgroup/driver.ts";
import type { Limits } from "../../cgroup/limits.ts";
import { type GroupParent, parseParent } from "../../cgroup/parent.ts";
import { type Device, parseDevice } from "../../cgroup/systemd/devices.ts";
import { DEFAULTS, type JobRequest, type PartialRequest } from "./request.ts";

/** The group's limits that are asked for, beside `memory.max` and `pids.max`. */
export function limitsOf(request: JobRequest): Limits {
  const { memoryHighBytes, swapBytes, cpuQuotaPercent, cpuWeight, ioWeight, ioMax, cpuset, cpusetMems } = request;
  return withoutAbsent({
    memoryHighBytes,
    swapMaxBytes: swapBytes,
    cpuQuotaPercent,
    cpuWeight,
    ioWeight,
    ioMax: ioMax.length ? ioMax : undefined,
    cpus: cpuset,
    mems: cpusetMems,
  });
}

/** The limits that are to change of a job that runs; the memory is the guest's. */
export function changesOf(asked: PartialRequest): Limits {
  const { memoryBytes, pids } = asked;
  return { ...withoutAbsent({ memoryMaxBytes: memoryBytes, pidsMax: pids }), ...limitsOf({ ...DEFAULTS, ...asked }) };
}

/** What is to change of the devices of a job that runs. */
export interface DeviceChanges {
  readonly devicesToAdd: readonly Device[];
  /** Paths of nodes. */
  readonly devicesToRemove: readonly string[];
}

/** Reads texts of devices; those that go are called `name`. @throws {BerthError} `usage.value`, and for a device twice. */
export function deviceChangesOf(added: readonly string[], removed: readonly string[], name: string): DeviceChanges {
  const devicesToAdd = added.map(parseDevice);
  const devicesToRemove = removed.map((text) => readNode(text, name));
  const nodes = [...devicesToAdd.map(({ node }) => node), ...devicesToRemove];
  const twice = nodes.find((node, index) => nodes.indexOf(node) < index);
  if (twice) throw new BerthError("usage.value", `the device ${twice} is named more than once`);
  return { devicesToAdd, devicesToRemove };
}

function readNode(text: string, name: string): string {
  const right = "name the node alone, like /dev/fuse";
  try {
    const { node } = parseDevice(text);
    if (node === text) return node;
  } catch {
    // Its words are about a device with its access.
  }
  throw new BerthError("usage.value", `${name}: ${JSON.stringify(text)} is not a device; ${right}`);
}

/** Whose job it is, with the limits of that tenant's group; undefined: nobody's in particular. */
export function tenantOf({ tenant }: JobRequest): Tenant | undefined {
  if (!tenant) return undefined;
  const { name, memoryBytes, swapBytes, pids, cpuQuotaPercent } = tenant;
  const limits = { memoryMaxBytes: memoryBytes, swapMaxBytes: swapBytes, pidsMax: pids, cpuQuotaPercent };
  return { name, limits: withoutAbsent(limits) };
}

/** Whether a parent names one scope of systemd's. @throws {BerthError} `cgroup.form`. */
export function isScope(parent: string): boolean {
  return parseParent(parent, "auto").kind === "unit";
}

/** A parent of groups that berth makes itself, as `berth gc` takes it. @throws {BerthError} `cgroup.form`. */
export function readGroupParent(text: string): GroupParent {
  // With this driver it is never a unit: systemd's scopes end by themselves.
  return parseParent(text, "cgroupfs") as GroupParent;
}

/** An object without its undefined fields, so that absent is absent for whoever counts them. */
function withoutAbsent<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
