/**
 * Real groups with real processes in them, for tests in the test host.
 *
 * @module
 */

import { openCgroupfs } from "../../../lib/cgroup/cgroupfs.ts";
import { DenoCgroupFs } from "../../../lib/cgroup/deno_cgroup_fs.ts";
import type { Driver, Group } from "../../../lib/cgroup/driver.ts";
import { type Child, startChild } from "../../../lib/process/child.ts";
import { shell } from "../berth.ts";

/** The window on the whole tree: see scripts/test_host/guest/run.sh. */
export const TREE = "/run/test-host/cgroup";

/** Runs a test with a driver in a fresh group right below the root, which must be empty again afterwards. */
export async function withDriver(use: (driver: Driver, fs: DenoCgroupFs) => Promise<void>): Promise<void> {
  await shell('for name in memory pids cpu io cpuset; do echo "+$name" >/sys/fs/cgroup/cgroup.subtree_control; done');
  const root = `${TREE}/berth-${crypto.randomUUID().slice(0, 8)}`;
  await Deno.mkdir(root);
  try {
    const fs = new DenoCgroupFs(root);
    await using driver = await openCgroupfs(fs);
    await use(driver, fs);
  } finally {
    await Deno.remove(root);
  }
}

/** Starts a shell script that is born in a group: it joins before it becomes the script. Returns when it has joined. */
export async function startIn(group: string, script: string, ...args: string[]): Promise<Child> {
  const join = 'echo 0 >"$1/cgroup.procs" && shift && echo joined && exec sh -c "$@" >/dev/null 2>&1';
  const child = startChild({ command: "sh", args: ["-c", join, "sh", group, script, "sh", ...args], stdout: "piped" });
  const reader = child.stdout.getReader();
  const { done } = await reader.read();
  await reader.cancel();
  if (done) throw new Error(`${group} can't be joined`);
  return child;
}

/** A script that holds this much memory until it is ended. */
export function holding(mebibytes: number): string {
  return `exec perl -e '$held = "x" x (${mebibytes} << 20); sleep 1000'`;
}

/** Groups that do not want to go, and how they get so. */
export const HOSTILE_GROUPS: Record<string, (group: Group) => Promise<Child>> = {
  "a process": (group) => startIn(group.path, "sleep 1000"),
  "a fork bomb": async (group) => {
    const bomb = await startIn(group.path, "bomb() { bomb | bomb & }; bomb; sleep 1000");
    await shell('while [ "$(cat "$1/pids.current")" -lt 80 ]; do sleep 0.05; done', group.path);
    return bomb;
  },
  "a stopped process": async (group) => {
    const child = await startIn(group.path, "kill -STOP $$");
    await shell('until grep -q "State:.T" /proc/$(cat "$1/cgroup.procs")/status; do sleep 0.05; done', group.path);
    return child;
  },
  "a frozen group": async (group) => {
    const child = await startIn(group.path, "sleep 1000");
    await shell(
      'until [ "$(cat "$1/cgroup.procs")" ]; do sleep 0.05; done; echo 1 >"$1/cgroup.freeze"; ' +
        'until grep -q "frozen 1" "$1/cgroup.events"; do sleep 0.05; done',
      group.path,
    );
    return child;
  },
  "a group with groups below it": async (group) => {
    await shell('mkdir -p "$1/a/b/c" "$1/d"', group.path);
    return await startIn(`${group.path}/a/b/c`, "sleep 1000");
  },
};
