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
import type { Containment, Driver, GroupRemover } from "./driver.ts";
import { examineTree } from "./examine.ts";
import { CONTROLLER_OF, FILE_OF, LIMIT_NAMES } from "./limits.ts";
import { createRemover } from "./orphan.ts";
import { findLeftProbes } from "./probe.ts";
import { type DriverChoice, type GroupParent, type Parent, resolveParent } from "./parent.ts";
import { parseDevice, pathsOf } from "./systemd/devices.ts";
import type { SystemdDriver } from "./systemd/driver.ts";

/**
 * Refuses devices that are not on this host.
 *
 * @param devices `PATH[:rwm]`. @param name what their caller calls them.
 * @throws {BerthError} `usage.value` for a device that is not there.
 */
export function expectDevices(devices: readonly string[], facts: Pick<CgroupFacts, "devices">, name: string): void {
  const absent = pathsOf(devices.map(parseDevice)).find((path) => !facts.devices.includes(path));
  if (absent) throw new BerthError("usage.value", `${name}: ${absent} is not a device of this host`);
}

/** Wishes of the user for VMs' groups. */
export interface ContainmentRequest {
  readonly driver: DriverChoice;
  readonly parent: Parent;
  /** `PATH[:rwm]`, as the user wrote them. */
  readonly devices: readonly string[];
  /** `memory.min` of berth's own processes; absent: the default. */
  readonly supervisorMemoryBytes?: number;
  /** Called with what is left out, and with what was moved. */
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
    const options = { memoryMinBytes: request.supervisorMemoryBytes, onMoved: request.onWarning };
    return await openCgroupfs(...openTree(parent, facts), options);
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

/**
 * Finds out what VMs' groups would have, as {@linkcode openDriver} would make them for `auto`; see {@linkcode examineTree}.
 *
 * @throws {BerthError} `cgroup.*`: what stands in the way.
 */
export async function examineContainment(parent: GroupParent, facts: CgroupFacts): Promise<Containment> {
  try {
    const [fs, place] = openTree(parent, facts);
    const { controllers, lacking } = await examineTree(fs, place);
    return { driver: "cgroupfs", place, controllers, lacking: lacking.map((limit) => FILE_OF[limit]) };
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== "cgroup.undelegated" || !facts.sliceWindow) throw error;
  }
  const driver = await openSystemdSlice({ driver: "systemd", parent, devices: [], onWarning: () => {} }, facts);
  const { controllers, files } = driver.facts;
  const lacking = LIMIT_NAMES.filter((name) => controllers.includes(CONTROLLER_OF[name])).map((name) => FILE_OF[name]);
  return {
    driver: "systemd",
    place: facts.sliceWindow,
    controllers,
    lacking: lacking.filter((file) => !files.includes(file)),
    enforcesDevices: driver.enforcesDevices,
  };
}

function openTree(parent: GroupParent, facts: CgroupFacts): [fs: CgroupFs, hostRoot: string] {
  const given = parent.kind === "path" ? { path: parent.path, real: facts.given } : undefined;
  const { group, readOnly } = resolveParent(parent, { ...facts, given });
  if (readOnly) throw new BerthError("cgroup.read-only", `${group} is mounted read-only`);
  if (facts.window !== group) throw new BerthError("cgroup.denied", `${group} can't be opened by this user`);
  return [new DenoCgroupFs(CGROUP), facts.window];
}

/** Groups that killed berths have only tried, as the host sees them; none where the tree is out of reach. */
export async function findLeftGroups(parent: GroupParent, facts: CgroupFacts): Promise<string[]> {
  try {
    const [fs, hostRoot] = openTree(parent, facts);
    return (await findLeftProbes(fs)).map((name) => `${hostRoot}/${name}`);
  } catch (error) {
    if (error instanceof BerthError) return [];
    throw error;
  }
}

/** Stops tenants' slices of systemd in which no VM is any more. @returns their folders as the host sees them. */
export async function sweepTenantSlices({ sliceWindow }: Pick<CgroupFacts, "sliceWindow">): Promise<string[]> {
  if (!sliceWindow) return [];
  const [{ findSystemd }, { sweepSlices }, { DEFAULT_SLICE }] = await Promise.all([
    import("./systemd/systemctl.ts"),
    import("./systemd/tenant_slices.ts"),
    import("./systemd/properties.ts"),
  ]);
  const went = await sweepSlices(await findSystemd({}), new DenoCgroupFs(SLICE), DEFAULT_SLICE);
  return went.map((name) => `${sliceWindow}/${name}`);
}

async function openSystemdSlice(request: ContainmentRequest, facts: CgroupFacts): Promise<SystemdDriver> {
  if (!facts.sliceWindow) {
    throw new BerthError("cgroup.systemd", "there is no systemd with cgroup v2 here that would make a scope");
  }
  const { openSystemd } = await import("./systemd/driver.ts");
  return await openSystemd(new DenoCgroupFs(SLICE), request, facts);
}
