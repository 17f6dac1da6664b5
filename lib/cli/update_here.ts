/**
 * `berth update` in the host process: the group's limits, in the kernel or by systemd.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { updateLimits } from "../cgroup/apply.ts";
import type { CgroupFs } from "../cgroup/cgroup_fs.ts";
import { DenoCgroupFs } from "../cgroup/deno_cgroup_fs.ts";
import { type Limits, limitsIn, withDiskNumbers } from "../cgroup/limits.ts";
import { allowDevice, denyDevice, updateScope } from "../cgroup/systemd/scope.ts";
import { planDevices } from "../cgroup/systemd/devices.ts";
import { findSystemd } from "../cgroup/systemd/systemctl.ts";
import { type CgroupFacts, readCgroupFacts } from "../host/cgroup_facts.ts";
import { CGROUP, STATE } from "../host/windows.ts";
import { type JobRecord, readRecord } from "../job/owner.ts";
import { expectHighFits } from "../job/plan.ts";
import { Console } from "./console.ts";
import type { UpdateArgs } from "./update_args.ts";

/** Changes what was asked for, and says what is in force then. */
export async function updateHere(args: UpdateArgs): Promise<number> {
  const record = await readRecord(`${STATE}/jobs/${args.id}`);
  await using console = new Console(args.quiet, [[CGROUP, record.cgroup]]);
  const facts = await readCgroupFacts();
  if (facts.window !== record.cgroup) throw new BerthError("job.unknown", `the job ${args.id} has no group any more`);
  const limits = forGroup(withDiskNumbers(args.limits, facts.blockDevices), record);
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
  for (const name of limitsIn(limits)) console.note(`${args.id}: ${name} is ${JSON.stringify(limits[name])}`);
  return 0;
}

async function updateUnit(unit: string, fs: CgroupFs, args: UpdateArgs, facts: CgroupFacts): Promise<void> {
  // Refuses what is not there: systemd would leave it out in silence.
  planDevices(args.devicesToAdd, facts.devices);
  const systemd = await findSystemd({});
  if (limitsIn(args.limits).length) await updateScope(systemd, fs, { unit, path: "" }, args.limits);
  for (const device of args.devicesToAdd) await allowDevice(systemd, unit, device);
  for (const node of args.devicesToRemove) await denyDevice(systemd, unit, node);
}

/** The user speaks of the guest's memory, the group has what the VMM needs as well. */
function forGroup(limits: Limits, { guestMemoryBytes, memoryOverheadBytes }: JobRecord): Limits {
  expectHighFits(limits, guestMemoryBytes);
  const { memoryMaxBytes } = limits;
  return memoryMaxBytes === undefined ? limits : { ...limits, memoryMaxBytes: memoryMaxBytes + memoryOverheadBytes };
}
