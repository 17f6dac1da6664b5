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
import { type Controller, LARGEST_PAGE_BYTES, MUST_HAVE, OPTIONAL } from "./limits.ts";
import { SUPERVISOR_MEMORY_MIN_BYTES } from "./defaults.ts";
import { readIfThere } from "./usage.ts";

/** Name of the leaf that berth's own processes are in. Names of VMs' groups can't be it: they have a prefix. */
export const SUPERVISOR = "supervisor";

/** How often the leaf is filled: a process that forks while it is moved leaves its child behind. */
const PASSES = 20;
const PAUSE_MS = 5;

/** Options of the group's preparation, and its listener. */
export interface ParentOptions {
  /** Absent: {@linkcode SUPERVISOR_MEMORY_MIN_BYTES}; 0 is none. */
  readonly memoryMinBytes?: number;
  /** Told when processes were moved. */
  readonly onMoved?: (line: string) => void;
}

/** A group, and what it is called in messages. */
interface Place {
  readonly options: ParentOptions;
  readonly fs: CgroupFs;
  /** In the tree. */
  readonly path: string;
  /** As the host sees it. */
  readonly hostPath: string;
}

/**
 * Enables what VMs' groups need in a group, after emptying it where that is necessary.
 *
 * @param hostRoot the absolute path of the tree's own group as the host sees it, for messages.
 * @returns the controllers that are enabled for groups below it, read back.
 * @throws {BerthError} `cgroup.controller`, `cgroup.read-only`, `cgroup.denied`, `cgroup.busy`.
 */
export async function prepareParent(
  fs: CgroupFs,
  path = "",
  hostRoot = fs.root,
  options: ParentOptions = {},
): Promise<Controller[]> {
  const place: Place = { fs, path, hostPath: joinPath(hostRoot, path), options };
  const available = (await readWords(place, "cgroup.controllers")) as Controller[];
  const missing = MUST_HAVE.filter((name) => !available.includes(name));
  if (missing.length) {
    throw new BerthError("cgroup.controller", `${place.hostPath} has no ${missing.join(" and no ")} controller`);
  }
  if (await mustBeEmptied(fs, path)) await emptyInto(place);
  const enabled = await enable(place, available);
  const leaf = leafOf(place);
  if (await hasType(fs, leaf.path)) await protect(leaf);
  return enabled;
}

function leafOf({ fs, path, hostPath, options }: Place): Place {
  return { fs, options, path: joinPath(path, SUPERVISOR), hostPath: joinPath(hostPath, SUPERVISOR) };
}

/** Whether the group has processes and is not the tree's real root, which may keep them. */
async function mustBeEmptied(fs: CgroupFs, path: string): Promise<boolean> {
  return await hasType(fs, path) && (await readPids(fs, path)).length > 0;
}

/** Moves every process of the group into its leaf. */
async function emptyInto(place: Place): Promise<void> {
  const { fs, path, hostPath } = place;
  const leaf = leafOf(place);
  await act(`the group ${leaf.hostPath} can't be made`, async () => {
    await fs.mkdir(leaf.path).catch((error) => {
      if (!isErrno(error, "EEXIST")) throw error;
    });
  });
  let moved = 0;
  for (let pass = 1; pass <= PASSES; pass++) {
    const pids = await readPids(fs, path);
    if (pids.length === 0) return tellMoved(place, moved);
    for (const pid of pids) await move(leaf, pid);
    moved += pids.length;
  }
  throw new BerthError("cgroup.busy", `${hostPath} gets new processes faster than they can be moved`);
}

function tellMoved({ hostPath, options }: Place, count: number): void {
  if (count === 0) return;
  const processes = count === 1 ? "1 process" : `${count} processes`;
  options.onMoved?.(
    `moved ${processes} of ${hostPath} into its leaf ${SUPERVISOR}: VMs' groups can't be made beside them`,
  );
}

async function move(leaf: Place, pid: string): Promise<void> {
  if (pid === "0") {
    throw new BerthError("cgroup.busy", "its group has a process of another PID namespace, which can't be moved");
  }
  await act(`process ${pid} can't be moved into ${leaf.hostPath}`, async () => {
    await leaf.fs.write(joinPath(leaf.path, "cgroup.procs"), pid).catch((error) => {
      // It has ended meanwhile.
      if (!isErrno(error, "ESRCH")) throw error;
    });
  });
}

/** Enables each controller by a write of its own, so that an optional one that can't be does not stand in the way. */
async function enable(place: Place, available: readonly Controller[]): Promise<Controller[]> {
  const file = "cgroup.subtree_control";
  const enabled = await readWords(place, file);
  for (const name of [...MUST_HAVE, ...OPTIONAL]) {
    if (enabled.includes(name) || !available.includes(name)) continue;
    try {
      await enableOne(place, name);
    } catch (error) {
      if (MUST_HAVE.includes(name)) throw translateRefusal(error, `${place.hostPath}/${file} does not take +${name}`);
    }
  }
  const now = (await readWords(place, file)) as Controller[];
  const refused = MUST_HAVE.filter((name) => !now.includes(name));
  if (refused.length === 0) return now;
  throw new BerthError("cgroup.controller", `${place.hostPath} does not hand on ${refused.join(" and ")}`);
}

async function enableOne(place: Place, name: Controller): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return await place.fs.write(joinPath(place.path, "cgroup.subtree_control"), `+${name}`);
    } catch (error) {
      if (!isErrno(error, "EBUSY") || attempt === PASSES) throw error;
    }
    // A process that was there unseen: forked since the last look, or in the root of a cgroup namespace, which looks
    // like the tree's and is not free of the rule.
    await emptyInto(place);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

async function protect({ fs, path, hostPath, options }: Place): Promise<void> {
  const file = joinPath(path, "memory.min");
  const { memoryMinBytes = SUPERVISOR_MEMORY_MIN_BYTES } = options;
  await act(`${hostPath}/memory.min can't be set`, () => fs.write(file, String(memoryMinBytes)));
  const content = await fs.read(file);
  // Rounded down to pages.
  if (Number(content) <= memoryMinBytes && memoryMinBytes - Number(content) < LARGEST_PAGE_BYTES) return;
  throw new BerthError("host.limits", `${hostPath}/memory.min should be ${memoryMinBytes}, and is ${content}`);
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

async function readWords({ fs, path, hostPath }: Place, file: string): Promise<string[]> {
  try {
    return (await fs.read(joinPath(path, file))).split(" ").filter((word) => word);
  } catch (error) {
    throw translateRefusal(error, `${joinPath(hostPath, file)} can't be read`);
  }
}

/** Every group but the tree's real root has a type. */
async function hasType(fs: CgroupFs, path: string): Promise<boolean> {
  return await readIfThere(fs, joinPath(path, "cgroup.type")) !== undefined;
}
