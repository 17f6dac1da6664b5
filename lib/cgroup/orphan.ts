/**
 * Groups whose owner is gone: ended and removed, in a tree that is otherwise left as it is.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import type { CgroupFs } from "./cgroup_fs.ts";
import type { GroupRemover, OrphanGroup } from "./driver.ts";
import { isThere, removeIfEmpty, sweepEmpty } from "./probe.ts";
import { endGroup } from "./removal.ts";

/** Ends a VM's group by its path on the host. @returns whether it was there. @throws {BerthError} `cgroup.left`. */
export async function endOrphanGroup(
  fs: CgroupFs,
  hostRoot: string,
  { cgroup, isMade }: OrphanGroup,
): Promise<boolean> {
  const path = cgroup.slice(hostRoot.length + 1);
  // Whatever stands in a record, nothing but a VM's group is ended.
  if (!cgroup.startsWith(`${hostRoot}/`) || !/^(tenant-[^/]+\/)?vm-[^/]+$/.test(path)) {
    throw new BerthError("cgroup.left", `the cgroup ${cgroup} is out of reach`);
  }
  const tenantPath = path.slice(0, Math.max(0, path.lastIndexOf("/")));
  // One that was only planned may be another's by now, and what runs in it is.
  const wasThere = isMade ? await isThere(fs, path) : await removeIfEmpty(fs, path);
  if (isMade) await endGroup(fs, path);
  if (tenantPath) await removeIfEmpty(fs, tenantPath);
  return wasThere;
}

/**
 * Remover of groups that makes none: it moves no process, enables no controller, and needs none.
 *
 * @param fs the tree from the group that VMs' groups are made in.
 * @param hostRoot the absolute path of that group as the host sees it.
 */
export function createRemover(fs: CgroupFs, hostRoot = fs.root): GroupRemover {
  return {
    sweep: async () => (await sweepEmpty(fs)).map((name) => `${hostRoot}/${name}`),
    endOrphan: (group) => endOrphanGroup(fs, hostRoot, group),
  };
}
