/**
 * Faults of a VM's cgroup, at the points of a job's life. They need a real tree: the test host's.
 *
 * @module
 */

import type { Point } from "../../lib/machine/points.ts";
import { leftovers, SCRATCH, shell } from "../support/berth.ts";
import { CGROUP_ROOT, findRecord, vmGroups } from "../support/host/host_jobs.ts";
import { type Case, type Place, prepareState, type Scene } from "./harness.ts";
import { type Expected, jobScript } from "./points.ts";

/** The group that VMs' groups are made in. */
export const PARENT = `${CGROUP_ROOT}/host-test-faults`;
/** A place where every VM has a group. */
export async function groupPlace(name: string): Promise<Place> {
  return {
    state: await prepareState(name),
    flags: ["--limits", "require", "--cgroup-driver", "cgroupfs", "--cgroup-parent", PARENT],
    gcFlags: ["--cgroup-parent", PARENT],
    left: async (state) => [...await leftovers(state), ...await vmGroups()],
  };
}

/** A job that comes through every point; its memory can't go anywhere. */
const FLAGS = [
  ...["--memory", "128M", "--swap", "0", "--timeout", "10s", "--boot-timeout", "10s"],
  ...["--drain", "true", "--artifact", `/etc/passwd=${SCRATCH}/faults-groups-out`, "--artifact-on", "always"],
];

const SUCCEEDED: Expected = ["succeeded", 0];
const CRASHED: Expected = ["vmm-crashed", 123];
const NO_GROUP: Expected = ["infra", 125];
const OOM: Expected = ["oom-host", 137];

/** Runs a script with the path of the VM's group. */
async function inGroup({ state }: Scene, script: string): Promise<void> {
  const { record } = await findRecord(state);
  await shell(script, record.cgroup);
}

/** What is done to the group `$1`, and how a job that would succeed ends then. */
const FAULTS: readonly (readonly [name: string, script: string, ends: Partial<Record<Point, Expected>>])[] = [
  ["a group that somebody kills", 'echo 1 >"$1/cgroup.kill"', {
    started: CRASHED,
    removal: SUCCEEDED,
  }],
  ["a group whose memory is taken away", 'echo 4M >"$1/memory.max"', {
    started: OOM,
    collect: OOM,
  }],
  ["a frozen group", 'echo 1 >"$1/cgroup.freeze"', {
    started: ["timed-out", 124],
  }],
  ["a group that may have no process", 'echo 0 >"$1/pids.max"', {
    grouped: NO_GROUP,
  }],
  ["a group that somebody removes", 'rmdir "$1"', {
    grouped: NO_GROUP,
  }],
  [
    "a group with a foreign process in a group of its own",
    'mkdir "$1/x" && { sleep 60 >/dev/null 2>&1 & echo $! >"$1/x/cgroup.procs"; }',
    {
      started: SUCCEEDED,
    },
  ],
];

/** The tree of groups becomes read-only for berth. */
const READ_ONLY: Partial<Record<Point, Expected>> = {
  group: NO_GROUP,
  started: SUCCEEDED,
};

/** What a guest does to itself is not its group's fault. */
const JOBS: readonly (readonly [what: string, script: string, expected: Expected, flags?: readonly string[]])[] = [
  ["runs out of its guest's memory", "exec tail /dev/zero", ["oom-guest", 137]],
  ["forks without end", "b() { b | b & }; b; sleep 60", ["timed-out", 124], ["--timeout", "3s", "--pids", "200"]],
  ["makes its kernel panic", "echo c >/proc/sysrq-trigger; sleep 60", ["guest-lost", 123]],
];

const at = (name: string, fault: Case["fault"], ends: Partial<Record<Point, Expected>>): Case[] =>
  (Object.entries(ends) as [Point, Expected][]).map(([point, [verdict, status]]) => ({
    label: `${name}, at "${point}"`,
    point,
    fault,
    flags: FLAGS,
    script: jobScript(point, [verdict, status], 0),
    verdict,
    status,
  }));

/** What befalls groups, and what a guest does in one. */
export const GROUP_CASES: readonly Case[] = [
  ...FAULTS.flatMap(([name, script, ends]) => at(name, (scene) => inGroup(scene, script), ends)),
  ...at(
    "groups that become read-only",
    ({ hostPid }) =>
      shell('exec nsenter -t "$1" -m mount -o remount,bind,ro /run/berth/self/cgroup', String(hostPid)).then(() => {}),
    READ_ONLY,
  ),
  ...JOBS.map(([what, script, [verdict, status], flags]): Case => ({
    label: `in a group, a job that ${what}`,
    ...{ script, flags, verdict, status },
  })),
];
