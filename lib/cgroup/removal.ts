/**
 * The end of a group: everything in it is killed, and it is removed.
 *
 * Works on a fork bomb (the kernel kills what is forked meanwhile, too), on stopped and frozen processes, and on a group
 * with groups below it. No process is ever signalled by its id.
 *
 * @module
 */

import { DeadlineError, within } from "../base/deadline.ts";
import { type CgroupFs, isErrno, joinPath } from "./cgroup_fs.ts";
import { parseKeys } from "./usage.ts";

/** How long the kernel may take to end killed processes: seconds only when a disk hangs under one of them. */
const EMPTY_MS = 10_000;
/** How long an empty group may refuse to go: its last process is a zombie for a moment. */
const BUSY_MS = 2000;
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;

/** Kills and removes a group and everything below it. One that is not there is no error. */
export async function endGroup(fs: CgroupFs, path: string): Promise<void> {
  try {
    await fs.write(joinPath(path, "cgroup.kill"), "1");
    await waitUntilEmpty(fs, path);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENODEV")) return;
    throw error;
  }
  await removeTree(fs, path);
}

/** Waits until a group and those below it have no process; the kernel tells of changes to `cgroup.events`. */
export async function waitUntilEmpty(fs: CgroupFs, path: string, timeoutMs = EMPTY_MS): Promise<void> {
  const events = joinPath(path, "cgroup.events");
  const until = performance.now() + timeoutMs;
  using watch = fs.watch(events);
  while (parseKeys(await fs.read(events)).populated !== 0) {
    const left = Math.max(0, until - performance.now());
    await within(watch.changed(), left, `the cgroup ${joinPath(fs.root, path)} to become empty`);
  }
}

/** Removes a group that has no processes, those below it first. */
export async function removeTree(fs: CgroupFs, path: string): Promise<void> {
  const until = performance.now() + BUSY_MS;
  for (let pauseMs = FIRST_PAUSE_MS;; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      // Somebody may have joined since the last time: a process that was about to be born in here.
      if (pauseMs > FIRST_PAUSE_MS) await fs.write(joinPath(path, "cgroup.kill"), "1");
      return await removeOnce(fs, path);
    } catch (error) {
      if (isErrno(error, "ENOENT", "ENODEV")) return;
      if (!isErrno(error, "EBUSY", "ENOTEMPTY")) throw error;
      if (performance.now() >= until) {
        throw new DeadlineError(`the cgroup ${joinPath(fs.root, path)} to let itself be removed`, BUSY_MS);
      }
    }
    // Nothing tells when the kernel is done with a group's last process.
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

async function removeOnce(fs: CgroupFs, path: string): Promise<void> {
  try {
    for (const child of await fs.children(path)) await removeOnce(fs, joinPath(path, child));
    await fs.rmdir(path);
  } catch (error) {
    if (!isErrno(error, "ENOENT", "ENODEV")) throw error;
  }
}
