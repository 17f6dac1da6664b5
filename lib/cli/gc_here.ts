/**
 * `berth gc` in the host process.
 *
 * @module
 */

import { BerthError, translateRefusedWrite } from "../base/errors.ts";
import type { Driver } from "../cgroup/driver.ts";
import { openDriver } from "../cgroup/open.ts";
import { type CgroupFacts, readCgroupFacts } from "../host/cgroup_facts.ts";
import { sweepMemory } from "../host/memory.ts";
import { CGROUP, STATE } from "../host/windows.ts";
import { sweepCaches } from "../image/cache_sweep.ts";
import { type Sweep, sweepStore } from "../image/sweep.ts";
import { sweepJobs } from "../job/abandoned.ts";
import { endAbandoned } from "../job/group.ts";
import { Console } from "./console.ts";
import type { GcArgs } from "./gc_args.ts";
import { describeRemoved, type Garbage, listLeft, toJson } from "./gc_render.ts";
import { openStore } from "./image_host.ts";

const STATUS_LEFT = 125;

/** Removes what killed berths have left, and says what went and what did not. */
export async function gcHere(args: GcArgs, stateDir: string): Promise<number> {
  const facts = await readCgroupFacts();
  await using console = new Console(false, [[STATE, stateDir], [CGROUP, facts.window]]);
  const garbage = await collect(args, facts);
  const left = listLeft(garbage);
  if (args.json) globalThis.console.log(console.name(JSON.stringify(toJson(garbage), null, 2)));
  const removed = describeRemoved(garbage);
  for (const line of removed) console.note(line);
  for (const { what, hint } of left) console.error(what, hint);
  if (removed.length + left.length === 0) console.note("nothing was left");
  return left.length ? STATUS_LEFT : 0;
}

/** Looks everywhere, whatever happens elsewhere. */
async function collect({ parent }: GcArgs, facts: CgroupFacts): Promise<Garbage> {
  const errors: unknown[] = [];
  const attempt = async <T>(action: Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await action;
    } catch (error) {
      errors.push(translateRefusedWrite(error, STATE));
      return otherwise;
    }
  };
  await using driver = await openGroups(parent, facts).catch((error) => {
    // A group that nobody has named, and that may not be needed: whatever is out of reach then says so itself.
    if (parent.kind === "path") errors.push(error);
    return undefined;
  });
  const jobs = await attempt(sweepJobs(`${STATE}/jobs`, (group) => endAbandoned(group, driver)), []);
  const files = [...await attempt(sweepMemory(), []), ...await attempt(sweepCaches(`${STATE}/caches`), [])];
  const sweep = await attempt<Sweep | undefined>(sweepStore(openStore()), NOTHING);
  if (sweep?.troubles.length) errors.push(new BerthError("image.left", sweep.troubles.join("; ")));
  return { jobs, files, groups: driver?.swept ?? [], freedBytes: sweep?.freedBytes, errors };
}

const NOTHING: Sweep = { freedBytes: 0, heldFiles: 0, troubles: [] };

async function openGroups(parent: GcArgs["parent"], facts: CgroupFacts): Promise<Driver> {
  return await openDriver({ driver: "cgroupfs", parent, devices: [], onWarning: () => {} }, facts);
}
