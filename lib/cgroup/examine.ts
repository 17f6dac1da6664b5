/**
 * Looks at a place for VMs' groups without making it one: no process is moved, and no controller enabled.
 *
 * @module
 */

import { translateRefusal } from "./apply.ts";
import { type CgroupFs, joinPath } from "./cgroup_fs.ts";
import { type Controller, CONTROLLER_OF, type LimitName } from "./limits.ts";
import { findLacking } from "./probe.ts";

/** Means of containment of groups in a place. */
export interface Examined {
  readonly controllers: readonly Controller[];
  /** Limits that have no file, though their controller is there; of controllers that are enabled already. */
  readonly lacking: readonly LimitName[];
}

/**
 * Tries a group in the place, and whether the place can be written.
 *
 * @param hostRoot the absolute path of the tree's own group as the host sees it, for messages.
 * @throws {BerthError} `cgroup.kernel`, `cgroup.read-only`, `cgroup.denied`, `host.limits`.
 */
export async function examineTree(fs: CgroupFs, hostRoot = fs.root): Promise<Examined> {
  const controllers = await readControllers(fs, "cgroup.controllers", hostRoot);
  const enabled = await readControllers(fs, "cgroup.subtree_control", hostRoot);
  const lacking = (await findLacking(fs, hostRoot)).filter((limit) => enabled.includes(CONTROLLER_OF[limit]));
  const file = "cgroup.subtree_control";
  // No word changes nothing, and is refused to whoever may change nothing.
  await fs.write(file, " ").catch((error) => {
    throw translateRefusal(error, `${joinPath(hostRoot, file)} can't be written`);
  });
  return { controllers, lacking };
}

async function readControllers(fs: CgroupFs, file: string, hostRoot: string): Promise<Controller[]> {
  try {
    return (await fs.read(file)).split(" ").filter((word) => word) as Controller[];
  } catch (error) {
    throw translateRefusal(error, `${joinPath(hostRoot, file)} can't be read`);
  }
}
