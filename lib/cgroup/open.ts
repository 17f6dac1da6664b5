/**
 * Decides who makes VMs' groups on this host, and opens it.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import type { CgroupFacts } from "../host/cgroup_facts.ts";
import { CGROUP, SLICE } from "../host/windows.ts";
import type { CgroupFs } from "./cgroup_fs.ts";
import { openCgroupfs } from "./cgroupfs.ts";
import { DenoCgroupFs } from "./deno_cgroup_fs.ts";
import type { Driver, GroupRemover } from "./driver.ts";
import { createRemover } from "./lost.ts";
import { type DriverChoice, type GroupParent, type Parent, resolveParent } from "./parent.ts";
import { parseDevice, pathsOf } from "./systemd/devices.ts";
import { openSystemd } from "./systemd/driver.ts";

/** @throws {BerthError} `usage.value` for a device that is not there. @param devices `PATH[:rwm]`. */
export function expectDevices(devices: readonly string[], facts: Pick<CgroupFacts, "devices">): void {
  const absent = pathsOf(devices.map(parseDevice)).find((path) => !facts.devices.includes(path));
  if (absent) throw new BerthError("usage.value", `--device: ${absent} is not a device of this host`);
}

/** What the user wants. */
export interface ContainmentRequest {
  readonly driver: DriverChoice;
  readonly parent: Parent;
  /** `PATH[:rwm]`, as the user wrote them. */
  readonly devices: readonly string[];
  /** Called with what is left out. */
  readonly onWarning: (message: string) => void;
}

/**
 * Opens the driver. `auto` takes cgroupfs where the tree, or the part of it, was given to berth, and systemd where
 * systemd has kept it for itself.
 *
 * @throws {BerthError} `cgroup.*`: what stands in the way.
 */
export async function openDriver(request: ContainmentRequest, facts: CgroupFacts): Promise<Driver> {
  const { driver, parent } = request;
  if (parent.kind === "unit" || driver === "systemd") return await openSystemdSlice(request, facts);
  try {
    return await openCgroupfs(...openTree(parent, facts));
  } catch (error) {
    const isSystemds = error instanceof BerthError && error.code === "cgroup.undelegated";
    if (driver === "auto" && isSystemds && facts.sliceWindow) return await openSystemdSlice(request, facts);
    throw error;
  }
}

/**
 * Opens the group that VMs' groups are made in, to remove some there.
 *
 * @throws {BerthError} `cgroup.*`: what stands in the way.
 */
export function openRemover(parent: GroupParent, facts: CgroupFacts): GroupRemover {
  return createRemover(...openTree(parent, facts));
}

function openTree(parent: GroupParent, facts: CgroupFacts): [fs: CgroupFs, hostRoot: string] {
  const given = parent.kind === "path" ? { path: parent.path, real: facts.given } : undefined;
  const { group, readOnly } = resolveParent(parent, { ...facts, given });
  if (readOnly) throw new BerthError("cgroup.read-only", `${group} is mounted read-only`);
  if (facts.window !== group) throw new BerthError("cgroup.denied", `${group} can't be opened by this user`);
  return [new DenoCgroupFs(CGROUP), facts.window];
}

async function openSystemdSlice(request: ContainmentRequest, facts: CgroupFacts): Promise<Driver> {
  if (!facts.sliceWindow) {
    throw new BerthError("cgroup.systemd", "there is no systemd with cgroup v2 here that would make a scope");
  }
  return await openSystemd(new DenoCgroupFs(SLICE), request, facts);
}
