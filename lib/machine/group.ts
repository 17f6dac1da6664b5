/**
 * A job's group: made with the limits of the plan, read before it goes.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import type { Driver, Group, GroupRequest } from "../cgroup/driver.ts";
import { type LimitName, type Limits, withoutLimits } from "../cgroup/limits.ts";
import type { GroupUsage } from "../cgroup/usage.ts";
import type { JobFolder } from "./folder.ts";
import type { JobRecord, RecordedOrphan } from "./owner.ts";
import type { Tell } from "./events.ts";
import type { MachinePlan } from "./plan.ts";

/** Who makes groups, and what they can't enforce. */
export interface GroupIo {
  /** Absent: the VM gets no group. */
  readonly driver?: Driver;
  /** Those of the plan's limits that the driver can't enforce. */
  readonly unenforceable: readonly LimitName[];
  readonly host: HostOfGroups;
}

/** What has to be known of a host to tell whether a group can be there. */
export interface HostOfGroups {
  /** Of the kernel's boot; no group outlives that. */
  readBootId(): Promise<string>;
  /** The paths of groups that were noted, and are not there any more. */
  readGoneGroups(): Promise<ReadonlySet<string>>;
}

/** A job's group. */
export interface JobGroup {
  /** Its path in the window. */
  readonly path: string;
  /** What it has used so far. */
  readUsage(): Promise<GroupUsage>;
  /** Makes room for emulation in a group that was made for KVM. */
  makeRoom(): Promise<void>;
}

/** Makes the group, which goes with the stack, and notes it for others. */
export async function createJobGroup(
  plan: MachinePlan,
  { driver, unenforceable, host }: GroupIo,
  folder: JobFolder,
  stack: AsyncDisposableStack,
  tell: Tell,
): Promise<JobGroup | undefined> {
  if (!driver) return undefined;
  const { id, name, tenant, memoryOverheadBytes, vm } = plan;
  const limits = withoutLimits(plan.limits, unenforceable);
  const enforced = tenant && { ...tenant, limits: withoutLimits(tenant.limits, unenforceable) };
  const request = { id, name, tenant: enforced, limits };
  const bootId = await host.readBootId();
  const planned = driver.plannedPath?.(request);
  if (planned !== undefined) await folder.intend({ cgroup: planned, bootId });
  const group = await ownGroup(driver, request, folder, stack);
  tell({ kind: "group", driver: driver.name, cgroup: group.hostPath, unit: group.unit, limits });
  // Read before it goes: they may have been updated while the job ran.
  stack.defer(async () => {
    tell({ kind: "limits", limits: await group.readLimits() });
  });
  stack.defer(async () => {
    tell({ kind: "usage", usage: await group.readUsage() });
  });
  const record = {
    driver: driver.name,
    cgroup: group.hostPath,
    unit: group.unit,
    bootId,
    guestMemoryBytes: vm.memoryMiB * 1024 ** 2,
    memoryOverheadBytes,
  };
  await folder.record(record);
  return {
    path: group.path,
    readUsage: () => group.readUsage(),
    makeRoom: () => makeRoom(plan, limits, { group, folder, record }),
  };
}

/** The VM that had the group until now is gone. */
export async function makeRoom(
  { emulated }: Pick<MachinePlan, "emulated">,
  inForce: Limits,
  owned: {
    readonly group: Pick<Group, "update">;
    readonly folder: Pick<JobFolder, "record">;
    readonly record: JobRecord;
  },
): Promise<void> {
  if (!emulated) return;
  const { memoryMaxBytes, memoryOverheadBytes } = emulated;
  if (inForce.memoryMaxBytes !== undefined) await owned.group.update({ memoryMaxBytes });
  await owned.folder.record({ ...owned.record, memoryOverheadBytes });
}

/** Makes a group that goes with the stack. The folder keeps its record until the group is known to be gone. */
export async function ownGroup(
  driver: Driver,
  request: GroupRequest,
  folder: Pick<JobFolder, "release">,
  stack: AsyncDisposableStack,
): Promise<Group> {
  try {
    const group = await driver.createGroup(request);
    stack.defer(async () => {
      await group[Symbol.asyncDispose]();
      folder.release();
    });
    return group;
  } catch (error) {
    // A driver takes away again what it has made, unless it says that it could not do that either.
    if (!(error instanceof SuppressedError)) folder.release();
    throw error;
  }
}

/**
 * Ends the group of a job whose owner is gone.
 *
 * @returns whether it was there.
 * @throws {BerthError} `cgroup.left` when it is out of reach: it is for a berth that can reach it.
 */
export async function endOrphan(
  group: RecordedOrphan,
  { driver, host }: { readonly driver?: Pick<Driver, "endOrphan">; readonly host: HostOfGroups },
): Promise<boolean> {
  if (isGone(group, { bootId: await host.readBootId(), goneGroups: await host.readGoneGroups() })) return false;
  if (driver?.endOrphan) return await driver.endOrphan(group);
  throw new BerthError("cgroup.left", `the cgroup ${group.cgroup} is out of reach`);
}

/** Whether there can't be such a group any more: a scope ends with its owner, and every group with the host. Pure. */
export function isGone(
  { driver, cgroup, bootId }: RecordedOrphan,
  host: { readonly bootId: string; readonly goneGroups: ReadonlySet<string> },
): boolean {
  return driver === "systemd" || bootId !== host.bootId || host.goneGroups.has(cgroup);
}
