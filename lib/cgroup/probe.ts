/**
 * Tries a group: what this kernel gives one, where VMs' groups are made.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { isId, randomId } from "../base/ids.ts";
import { translateRefusal } from "./apply.ts";
import { type CgroupFs, CgroupFsError, isErrno, joinPath } from "./cgroup_fs.ts";
import { joinRefusal } from "./join.ts";
import { FILE_OF, LIMIT_NAMES, type LimitName } from "./limits.ts";
import { removeTree } from "./removal.ts";
import { readIfThere } from "./usage.ts";

const PREFIX = "berth-probe-";
/** A probe takes some milliseconds. One that is older is of a berth that was killed, or stopped: that one tries again. */
const LEFT_MS = 5000;
const ATTEMPTS = 3;

/**
 * Finds out which limits have no file here, though their controller is there (`swapaccount=0`, no iocost…).
 *
 * @throws {BerthError} `cgroup.kernel`; `cgroup.read-only`, `cgroup.denied`, `host.limits` when no group can be made or joined.
 */
export async function findLacking(fs: CgroupFs, hostRoot: string): Promise<LimitName[]> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const found = await tryGroup(fs, hostRoot);
    if (!found) continue;
    if (found.canEnd) return found.lacking;
    throw new BerthError("cgroup.kernel", "this kernel has no cgroup.kill, so a VM could not be ended for certain");
  }
  throw new BerthError("host.limits", `somebody else removes the groups that berth makes in ${hostRoot}`);
}

/** @returns undefined when somebody has taken the group away meanwhile, so that its files tell nothing. */
async function tryGroup(
  fs: CgroupFs,
  hostRoot: string,
): Promise<{ canEnd: boolean; lacking: LimitName[] } | undefined> {
  const path = `${PREFIX}${Date.now()}-${randomId()}`;
  const attempt = async <T>(action: Promise<T>): Promise<T> => {
    try {
      return await action;
    } catch (error) {
      throw translateRefusal(error, `no group can be made in ${hostRoot}`);
    }
  };
  await attempt(fs.mkdir(path));
  try {
    const seen = await look(fs, path, hostRoot);
    // The process that has joined it may be a moment in going.
    await attempt(removeTree(fs, path));
    return seen;
  } catch (error) {
    // What was wrong first is what counts.
    await removeIfThere(fs, path).catch(() => {});
    throw error;
  }
}

async function look(
  fs: CgroupFs,
  path: string,
  hostRoot: string,
): Promise<{ canEnd: boolean; lacking: LimitName[] } | undefined> {
  const canEnd = await fs.write(joinPath(path, "cgroup.kill"), "1").then(() => true, (error) => {
    if (!isErrno(error, "ENOENT", "ENODEV")) throw error;
    return false;
  });
  const there = await Promise.all(LIMIT_NAMES.map((name) => readIfThere(fs, joinPath(path, FILE_OF[name]))));
  const lacking = LIMIT_NAMES.filter((_, index) => there[index] === undefined);
  // A group that can be made is not yet one that a VM can be born in.
  const refusal = await fs.join(path).then(() => undefined, (error) => error);
  if (!await isThere(fs, path)) return undefined;
  if (refusal) {
    throw refusal instanceof CgroupFsError ? joinRefusal(refusal.errno, `a group in ${hostRoot}`, refusal) : refusal;
  }
  return { canEnd, lacking };
}

/** Somebody may have taken it away meanwhile, as the sweep of another berth does. */
async function removeIfThere(fs: CgroupFs, path: string): Promise<void> {
  await fs.rmdir(path).catch((error) => {
    if (!isErrno(error, "ENOENT", "ENODEV")) throw error;
  });
}

/**
 * Removes what berths that were killed while they tried a group have left.
 *
 * @returns the names of the groups that went.
 */
export async function sweepProbes(fs: CgroupFs, nowMs = Date.now()): Promise<string[]> {
  const left = await findLeftProbes(fs, nowMs);
  const went = await Promise.all(left.map((name) => removeIfEmpty(fs, name)));
  return left.filter((_, index) => went[index]);
}

/**
 * Removes those of {@linkcode sweepProbes}, and tenants' groups in which nothing is any more. A berth that is about to use one finds it gone, and
 * makes it again.
 */
export async function sweepEmpty(fs: CgroupFs): Promise<string[]> {
  const tenants = (await fs.children("")).filter((name) => name.startsWith("tenant-"));
  const went = await Promise.all(tenants.map((name) => removeIfEmpty(fs, name)));
  return [...await sweepProbes(fs), ...tenants.filter((_, index) => went[index])];
}

/** Names of the groups that berths have tried that were killed then. */
export async function findLeftProbes(fs: CgroupFs, nowMs = Date.now()): Promise<string[]> {
  return (await fs.children("")).filter((name) => {
    const [, madeAt, id] = new RegExp(`^${PREFIX}(\\d+)-(.*)$`).exec(name) ?? [];
    return id !== undefined && isId(id) && nowMs - Number(madeAt) > LEFT_MS;
  });
}

/** Removes a group, if it is there and nobody's. @returns whether it did. */
export async function removeIfEmpty(fs: CgroupFs, path: string): Promise<boolean> {
  try {
    await fs.rmdir(path);
    return true;
  } catch (error) {
    if (isErrno(error, "EBUSY", "ENOTEMPTY", "ENOENT", "ENODEV")) return false;
    throw error;
  }
}

/** True when there is such a group. */
export async function isThere(fs: CgroupFs, path: string): Promise<boolean> {
  return await readIfThere(fs, joinPath(path, "cgroup.events")) !== undefined;
}
