/**
 * `berth gc` in the host process.
 *
 * @module
 */

import { BerthError, translateRefusedWrite } from "../base/errors.ts";
import type { GroupRemover } from "../cgroup/driver.ts";
import { openRemover, sweepTenantSlices } from "../cgroup/open.ts";
import { type CgroupFacts, readCgroupFacts } from "../host/cgroup_facts.ts";
import { sweepMemory } from "../host/known_host.ts";
import { CGROUP, SLICE, STATE } from "../host/windows.ts";
import { sweepCaches } from "../disk/cache_sweep.ts";
import { type Sweep, sweepStore } from "../image/sweep.ts";
import { type ClearedJob, sweepJobs } from "../job/abandoned.ts";
import { endAbandoned } from "../job/group.ts";
import { Console } from "./console.ts";
import type { GcArgs } from "./gc_args.ts";
import { describeRemoved, type Garbage, listLeft, toJson } from "./gc_render.ts";
import { openStore } from "./image_host.ts";

const STATUS_LEFT = 125;

/** Removes what killed berths have left, and says what went and what did not. */
export async function gcHere(args: GcArgs, stateDir: string): Promise<number> {
  const facts = await readCgroupFacts();
  await using console = new Console(false, [[STATE, stateDir], [CGROUP, facts.window], [SLICE, facts.sliceWindow]]);
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
  const opened = tryOpen(parent, facts);
  const groups = await attempt(opened.remover?.sweep() ?? Promise.resolve([]), []);
  const jobs = await attempt(sweepJobs(`${STATE}/jobs`, (group) => endAbandoned(group, opened.remover)), []);
  // What stands in the way of a group that nobody has named counts where a job's group is out of reach.
  if (opened.error && (parent.kind === "path" || jobs.some(isOutOfReach))) errors.push(opened.error);
  const slices = await attempt(sweepTenantSlices(facts), []);
  const files = [...await attempt(sweepMemory(), []), ...await attempt(sweepCaches(`${STATE}/caches`), [])];
  const sweep = await attempt<Sweep | undefined>(sweepStore(openStore()), NOTHING);
  if (sweep?.troubles.length) errors.push(new BerthError("image.left", sweep.troubles.join("; ")));
  return { jobs, files, groups: [...groups, ...slices], freedBytes: sweep?.freedBytes, errors };
}

const NOTHING: Sweep = { freedBytes: 0, heldFiles: 0, troubles: [] };

function tryOpen(parent: GcArgs["parent"], facts: CgroupFacts): { remover?: GroupRemover; error?: unknown } {
  try {
    return { remover: openRemover(parent, facts) };
  } catch (error) {
    return { error };
  }
}

function isOutOfReach({ error }: ClearedJob): boolean {
  return error instanceof BerthError && error.code === "cgroup.left";
}
