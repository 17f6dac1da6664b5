/**
 * A job's group: made with the limits of the plan, read before it goes.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import type { Driver } from "../cgroup/driver.ts";
import { type LimitName, type Limits, withoutLimits } from "../cgroup/limits.ts";
import type { GroupUsage } from "../cgroup/usage.ts";
import { readBootId } from "../host/memory.ts";
import type { JobFolder, JobRecord } from "./folder.ts";
import type { JobPlan } from "./plan.ts";

/** Who makes groups, and what they can't enforce. */
export interface GroupIo {
  /** Absent: the VM gets no group. */
  readonly driver?: Driver;
  /** Those of the plan's limits that the driver can't enforce. */
  readonly unenforceable: readonly LimitName[];
}

/** What a group has been seen to do; complete when its job is over. */
export interface Seen {
  limits: Limits;
  usage?: GroupUsage;
}

/** Makes the group, which goes with the stack, and notes it for others. Returns its path in the window. */
export async function createJobGroup(
  plan: JobPlan,
  { driver, unenforceable }: GroupIo,
  folder: JobFolder,
  stack: AsyncDisposableStack,
  seen: Seen,
): Promise<string | undefined> {
  if (!driver) return undefined;
  const { id, tenant, memoryOverheadBytes, vm } = plan;
  const limits = withoutLimits(plan.limits, unenforceable);
  const enforced = tenant && { ...tenant, limits: withoutLimits(tenant.limits, unenforceable) };
  const group = stack.use(await driver.createGroup({ id, tenant: enforced, limits }));
  seen.limits = limits;
  // Read before it goes: they may have been updated while the job ran.
  stack.defer(async () => {
    seen.limits = await group.readLimits();
  });
  stack.defer(async () => {
    seen.usage = await group.readUsage();
  });
  await folder.record({
    driver: driver.name,
    cgroup: group.hostPath,
    unit: group.unit,
    bootId: await readBootId(),
    guestMemoryBytes: vm.memoryMiB * 1024 ** 2,
    memoryOverheadBytes,
  });
  return group.path;
}

/** A scope has ended with its owner, and every group with the host; others are for a berth that can reach them. */
export async function endAbandoned({ driver, cgroup, bootId }: JobRecord, own: Driver | undefined): Promise<void> {
  if (driver === "systemd" || bootId !== await readBootId()) return;
  if (!own) throw new BerthError("host.limits", `the cgroup ${cgroup} is out of reach`);
  await own.endAbandoned(cgroup);
}
