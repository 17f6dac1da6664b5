/**
 * `berth gc`: what killed berths have left is removed.
 *
 * @module
 */

import { BerthError, translateRefusedWrite } from "../base/errors.ts";
import type { GroupRemover } from "../cgroup/driver.ts";
import type { GroupParent } from "../cgroup/parent.ts";
import { openRemover, sweepTenantSlices } from "../cgroup/open.ts";
import type { CgroupFacts } from "../host/cgroup_facts.ts";
import { sweepUnfinished } from "../host/known_host.ts";
import { STATE } from "../host/windows.ts";
import { sweepCaches } from "../disk/cache_sweep.ts";
import { type Sweep, sweepStore } from "../image/sweep.ts";
import { type ClearedJob, sweepJobs } from "../machine/orphans.ts";
import { endOrphan } from "../machine/group.ts";
import type { TemplateSweep } from "../image/template/sweep.ts";
import { HOST_OF_GROUPS, openStore, sweepTemplates } from "./stores.ts";

/** What a look around has found. */
export interface Garbage {
  readonly jobs: readonly ClearedJob[];
  /** Groups that went beside those of jobs. */
  readonly groups: readonly string[];
  /** Paths of what berth has begun to write and never finished. */
  readonly files: readonly string[];
  /** What the image store has freed, templates included; undefined while something is being built, as nobody can tell then. */
  readonly freedBytes: number | undefined;
  /** What else could not be removed, or not be looked at. */
  readonly errors: readonly unknown[];
}

/** Looks everywhere, whatever happens elsewhere, and removes what it finds. @param parent of VMs' groups. */
export async function removeGarbage(parent: GroupParent, facts: CgroupFacts): Promise<Garbage> {
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
  const owned = { driver: opened.remover, host: HOST_OF_GROUPS };
  const jobs = await attempt(sweepJobs(`${STATE}/jobs`, (group) => endOrphan(group, owned)), []);
  // What stands in the way of a group that nobody has named counts where a job's group is out of reach.
  if (opened.error && (parent.kind === "path" || jobs.some(isOutOfReach))) errors.push(opened.error);
  const slices = await attempt(sweepTenantSlices(facts), []);
  const files = [...await attempt(sweepUnfinished(STATE), []), ...await attempt(sweepCaches(`${STATE}/caches`), [])];
  const sweep = await attempt<Sweep | undefined>(sweepStore(openStore()), NOTHING);
  const templates = await attempt<TemplateSweep>(sweepTemplates(), NOTHING);
  const troubles = [...sweep?.troubles ?? [], ...templates.troubles];
  if (troubles.length) errors.push(new BerthError("image.left", troubles.join("; ")));
  const freedBytes = sweep && sweep.freedBytes + templates.freedBytes;
  return { jobs, files, groups: [...groups, ...slices], freedBytes, errors };
}

const NOTHING: Sweep = { freedBytes: 0, heldFiles: 0, troubles: [] };

function tryOpen(parent: GroupParent, facts: CgroupFacts): { remover?: GroupRemover; error?: unknown } {
  try {
    return { remover: openRemover(parent, facts) };
  } catch (error) {
    return { error };
  }
}

function isOutOfReach({ error }: ClearedJob): boolean {
  return error instanceof BerthError && error.code === "cgroup.left";
}
