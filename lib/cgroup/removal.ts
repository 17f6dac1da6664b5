/**
 * The end of a group: everything in it is killed, and it is removed.
 *
 * Works on a fork bomb (the kernel kills what is forked meanwhile, too), on stopped and frozen processes, and on a group
 * with groups below it. No process is ever signalled by its id.
 *
 * @module
 */

import { DeadlineError, within } from "../base/deadline.ts";
import { type CgroupFs, type FileWatch, isErrno, joinPath } from "./cgroup_fs.ts";
import { parseKeys } from "./usage.ts";

/** How long the kernel may take to end killed processes: seconds only when a disk hangs under one of them. */
const EMPTY_MS = 10_000;
/** How long an empty group may refuse to go: its last process is a zombie for a moment. */
const BUSY_MS = 2000;
/** How often a group is looked at where nothing tells of changes. */
const LOOK_MS = 20;
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;

/** Kills and removes a group and everything below it. One that is not there is no error. */
export async function endGroup(fs: CgroupFs, path: string): Promise<void> {
  try {
    await kill(fs, path);
    await waitUntilEmpty(fs, path);
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENODEV")) return;
    throw error;
  }
  await removeTree(fs, path);
}

/**
 * Kills everything in a group. Linux has `cgroup.kill` since 5.14: on an older one a group ends when its owner has ended
 * what it has started there, and is waited for.
 */
async function kill(fs: CgroupFs, path: string): Promise<void> {
  await fs.write(joinPath(path, "cgroup.kill"), "1").catch((error) => {
    // Whether there is no file or no group, whoever looks at the group next will see.
    if (!isErrno(error, "ENOENT", "ENODEV")) throw error;
  });
}

/** Waits until a group and those below it have no process; the kernel tells of changes to `cgroup.events`. */
export async function waitUntilEmpty(fs: CgroupFs, path: string, timeoutMs = EMPTY_MS): Promise<void> {
  const events = joinPath(path, "cgroup.events");
  const isEmpty = async () => parseKeys(await fs.read(events)).populated === 0;
  if (await isEmpty()) return;
  using watch = watchOrLook(fs, events);
  const wait = async () => {
    while (!await isEmpty()) await watch.changed();
  };
  // One that goes on when the time is up ends with its watch.
  await within(wait(), timeoutMs, `the cgroup ${joinPath(fs.root, path)} to become empty`);
}

/** A watch; a clock where there can't be one: the host's inotify instances may be used up, and a VM must end then too. */
function watchOrLook(fs: CgroupFs, path: string): FileWatch {
  try {
    return fs.watch(path);
  } catch {
    return new Clock();
  }
}

class Clock implements FileWatch {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  changed(): Promise<void> {
    if (this.#isOver) return Promise.reject(new DOMException("the clock was disposed", "AbortError"));
    return new Promise((resolve) => this.#timer = setTimeout(resolve, LOOK_MS));
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}

/** Removes a group that has no processes, those below it first. */
export async function removeTree(fs: CgroupFs, path: string, timeoutMs = BUSY_MS): Promise<void> {
  const until = performance.now() + timeoutMs;
  for (let pauseMs = FIRST_PAUSE_MS;; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      // Somebody may have joined since the last time: a process that was about to be born in here.
      if (pauseMs > FIRST_PAUSE_MS) await kill(fs, path);
      return await removeOnce(fs, path);
    } catch (error) {
      if (isErrno(error, "ENOENT", "ENODEV")) return;
      if (!isErrno(error, "EBUSY", "ENOTEMPTY")) throw error;
      if (performance.now() >= until) {
        throw new DeadlineError(`the cgroup ${joinPath(fs.root, path)} to let itself be removed`, timeoutMs);
      }
    }
    // Nothing tells when the kernel is done with a group's last process.
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

async function removeOnce(fs: CgroupFs, path: string): Promise<void> {
  try {
    // Most have none below them.
    await fs.rmdir(path).catch(async (error) => {
      const children = isErrno(error, "EBUSY", "ENOTEMPTY") ? await fs.children(path) : [];
      if (children.length === 0) throw error;
      for (const child of children) await removeOnce(fs, joinPath(path, child));
      await fs.rmdir(path);
    });
  } catch (error) {
    // It has gone meanwhile, by itself; those above it have not.
    if (!isErrno(error, "ENOENT", "ENODEV")) throw error;
  }
}
