/**
 * `berth update`: a running job's limits and devices are changed, in the kernel or by systemd.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { updateLimits } from "../cgroup/apply.ts";
import type { CgroupFs } from "../cgroup/cgroup_fs.ts";
import { DenoCgroupFs } from "../cgroup/deno_cgroup_fs.ts";
import { type LimitName, type Limits, limitsIn, withDiskNumbers } from "../cgroup/limits.ts";
import { allowDevice, denyDevice, updateScope } from "../cgroup/systemd/scope.ts";
import { planDevices } from "../cgroup/systemd/devices.ts";
import { findSystemd } from "../cgroup/systemd/systemctl.ts";
import { type CgroupFacts, readCgroupFacts } from "../host/cgroup_facts.ts";
import { CGROUP, STATE } from "../host/windows.ts";
import { type JobRecord, readRecord } from "../machine/owner.ts";
import { expectHighFits } from "../job/plan.ts";
import type { DeviceChanges } from "../job/request/group.ts";

/** What is to be changed. */
export interface UpdateRequest extends DeviceChanges {
  /** The job's. */
  readonly id: string;
  /** What is not named stays. The memory is the guest's; the devices of rates are as in a request's `ioMax`. */
  readonly limits: Limits;
}

/**
 * Changes all of it, or nothing.
 *
 * @returns the limits that are in force now, of those that were asked for.
 * @throws {BerthError} `job.unknown`, `host.limits`, `cgroup.*`.
 */
export async function updateJob(args: UpdateRequest): Promise<(readonly [LimitName, unknown])[]> {
  const record = await readRecord(`${STATE}/jobs/${args.id}`);
  const facts = await readCgroupFacts();
  if (facts.window !== record.cgroup) throw new BerthError("job.unknown", `the job ${args.id} has no group any more`);
  const limits = forGroup(withDiskNumbers(args.limits, facts.blockDevices, "--io-max"), record);
  const fs = new DenoCgroupFs(CGROUP);
  if (record.driver === "systemd") {
    await updateUnit(record.unit!, fs, { ...args, limits }, facts);
  } else {
    if (args.devicesToAdd.length || args.devicesToRemove.length) {
      throw new BerthError(
        "cgroup.device",
        `the devices of job ${args.id} are those of its jail, which can't be changed`,
      );
    }
    await updateLimits(fs, "", limits);
  }
  return limitsIn(limits).map((name) => [name, limits[name]] as const);
}

async function updateUnit(unit: string, fs: CgroupFs, args: UpdateRequest, facts: CgroupFacts): Promise<void> {
  // Refuses what is not there: systemd would leave it out in silence.
  planDevices(args.devicesToAdd, facts.devices);
  const systemd = await findSystemd({});
  if (limitsIn(args.limits).length) await updateScope(systemd, fs, { unit, path: "" }, args.limits);
  for (const device of args.devicesToAdd) await allowDevice(systemd, unit, device);
  for (const node of args.devicesToRemove) await denyDevice(systemd, unit, node);
}

/** The user speaks of the guest's memory, the group has what the VMM needs as well. */
function forGroup(limits: Limits, { guestMemoryBytes, memoryOverheadBytes }: JobRecord): Limits {
  expectHighFits(limits, guestMemoryBytes, "--memory-high");
  const { memoryMaxBytes } = limits;
  return memoryMaxBytes === undefined ? limits : { ...limits, memoryMaxBytes: memoryMaxBytes + memoryOverheadBytes };
}
