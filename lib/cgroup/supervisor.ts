/**
 * Makes a group that has processes a parent of VMs' groups.
 *
 * A group can't both have processes and hand controllers on to groups below it (the kernel's "no internal processes"
 * rule; the tree's real root alone is free of it). So its processes move into a leaf, which gets a guaranteed part of
 * the memory: VMs that fill the rest don't push the process that watches over them out of memory.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { translateRefusal } from "./apply.ts";
import { type CgroupFs, isErrno, joinPath } from "./cgroup_fs.ts";
import { type Controller, MUST_HAVE, OPTIONAL } from "./limits.ts";

/** The leaf's name. Names of VMs' groups can't be it: they have a prefix. */
export const SUPERVISOR = "supervisor";

/** What the leaf keeps under pressure (`memory.min`): the front and the host process have 50 to 60 MiB each. */
export const SUPERVISOR_MEMORY_MIN_BYTES = 128 * 1024 ** 2;

/** How often the leaf is filled: a process that forks while it is moved leaves its child behind. */
const PASSES = 20;
const PAUSE_MS = 5;

/**
 * Enables what VMs' groups need in a group, after emptying it where that is necessary.
 *
 * @returns the controllers that are enabled for groups below it, read back.
 * @throws {BerthError} `cgroup.controller`, `cgroup.read-only`, `cgroup.denied`, `cgroup.busy`.
 */
export async function prepareParent(fs: CgroupFs, path = ""): Promise<Controller[]> {
  const available = (await readWords(fs, joinPath(path, "cgroup.controllers"))) as Controller[];
  const missing = MUST_HAVE.filter((name) => !available.includes(name));
  if (missing.length) {
    const where = joinPath(fs.root, path);
    throw new BerthError("cgroup.controller", `${where} has no ${missing.join(" and no ")} controller`);
  }
  if (await mustBeEmptied(fs, path)) await emptyInto(fs, path);
  const enabled = await enable(fs, path, available);
  if (await hasType(fs, joinPath(path, SUPERVISOR))) await protect(fs, joinPath(path, SUPERVISOR));
  return enabled;
}

/** Whether the group has processes and is not the tree's real root, which may keep them. */
async function mustBeEmptied(fs: CgroupFs, path: string): Promise<boolean> {
  return await hasType(fs, path) && (await readPids(fs, path)).length > 0;
}

/** Moves every process of the group into its leaf. */
async function emptyInto(fs: CgroupFs, path: string): Promise<void> {
  const leaf = joinPath(path, SUPERVISOR);
  await act(`the group ${leaf} can't be made`, async () => {
    await fs.mkdir(leaf).catch((error) => {
      if (!isErrno(error, "EEXIST")) throw error;
    });
  });
  for (let pass = 1; pass <= PASSES; pass++) {
    const pids = await readPids(fs, path);
    if (pids.length === 0) return;
    for (const pid of pids) await move(fs, leaf, pid);
  }
  throw new BerthError("cgroup.busy", `${joinPath(fs.root, path)} gets new processes faster than they can be moved`);
}

async function move(fs: CgroupFs, leaf: string, pid: string): Promise<void> {
  if (pid === "0") {
    throw new BerthError("cgroup.busy", "its group has a process of another PID namespace, which can't be moved");
  }
  await act(`process ${pid} can't be moved into ${leaf}`, async () => {
    await fs.write(joinPath(leaf, "cgroup.procs"), pid).catch((error) => {
      // It has ended meanwhile.
      if (!isErrno(error, "ESRCH")) throw error;
    });
  });
}

/** Enables each controller by a write of its own, so that an optional one that can't be does not stand in the way. */
async function enable(fs: CgroupFs, path: string, available: readonly Controller[]): Promise<Controller[]> {
  const file = joinPath(path, "cgroup.subtree_control");
  const enabled = await readWords(fs, file);
  for (const name of [...MUST_HAVE, ...OPTIONAL]) {
    if (enabled.includes(name) || !available.includes(name)) continue;
    try {
      await enableOne(fs, path, name);
    } catch (error) {
      if (MUST_HAVE.includes(name)) throw translateRefusal(error, `${file} does not take +${name}`);
    }
  }
  const now = (await readWords(fs, file)) as Controller[];
  const refused = MUST_HAVE.filter((name) => !now.includes(name));
  if (refused.length === 0) return now;
  throw new BerthError("cgroup.controller", `${joinPath(fs.root, path)} does not hand on ${refused.join(" and ")}`);
}

async function enableOne(fs: CgroupFs, path: string, name: Controller): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return await fs.write(joinPath(path, "cgroup.subtree_control"), `+${name}`);
    } catch (error) {
      if (!isErrno(error, "EBUSY") || attempt === PASSES) throw error;
    }
    // A process that was there unseen: forked since the last look, or in the root of a cgroup namespace, which looks
    // like the tree's and is not free of the rule.
    await emptyInto(fs, path);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

async function protect(fs: CgroupFs, leaf: string): Promise<void> {
  const file = joinPath(leaf, "memory.min");
  await act(`${file} can't be set`, () => fs.write(file, String(SUPERVISOR_MEMORY_MIN_BYTES)));
  const content = await fs.read(file);
  if (Number(content) === SUPERVISOR_MEMORY_MIN_BYTES) return;
  throw new BerthError("host.limits", `${file} should be ${SUPERVISOR_MEMORY_MIN_BYTES}, and is ${content}`);
}

async function act(what: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    throw translateRefusal(error, what);
  }
}

async function readPids(fs: CgroupFs, path: string): Promise<string[]> {
  return (await fs.read(joinPath(path, "cgroup.procs"))).split("\n").filter((pid) => pid);
}

async function readWords(fs: CgroupFs, file: string): Promise<string[]> {
  try {
    return (await fs.read(file)).split(" ").filter((word) => word);
  } catch (error) {
    throw translateRefusal(error, `${joinPath(fs.root, file)} can't be read`);
  }
}

/** Every group but the tree's real root has a type. */
async function hasType(fs: CgroupFs, path: string): Promise<boolean> {
  try {
    await fs.read(joinPath(path, "cgroup.type"));
    return true;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return false;
    throw error;
  }
}
