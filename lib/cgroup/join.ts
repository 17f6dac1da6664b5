/**
 * What it means when a process can't join a group: a shell's words, read, and what an operator can do. Pure.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import type { Errno } from "./cgroup_fs.ts";

/** strerror(3), as shells say it without a locale; busybox has words of its own for what is not there. */
const WORDS: readonly (readonly [words: string, errno: Errno])[] = [
  ["Permission denied", "EACCES"],
  ["Operation not permitted", "EPERM"],
  ["Read-only file system", "EROFS"],
  ["No such file or directory", "ENOENT"],
  ["nonexistent directory", "ENOENT"],
  ["Directory nonexistent", "ENOENT"],
  ["No such device", "ENODEV"],
  ["Device or resource busy", "EBUSY"],
  ["Resource temporarily unavailable", "EAGAIN"],
  ["Operation not supported", "EOPNOTSUPP"],
  ["Not supported", "EOPNOTSUPP"],
  ["No such process", "ESRCH"],
  ["Cannot allocate memory", "ENOMEM"],
  ["Out of memory", "ENOMEM"],
];

/** The errno that a shell's words stand for. */
export function errnoInWords(words: string): Errno {
  return WORDS.find(([one]) => words.toLowerCase().includes(one.toLowerCase()))?.[1] ?? "unknown";
}

/** Who says no moves a process by the group that both places have in common, and that group is not berth's to write. */
const NOT_OURS = "the group above both this process and the VM's is not given to this user";

/** Why, for each answer of the kernel. */
const REASONS: Readonly<Partial<Record<Errno, string>>> = {
  EACCES: NOT_OURS,
  EPERM: NOT_OURS,
  EROFS: "the tree is mounted read-only",
  ENOENT: "somebody has removed it",
  ENODEV: "somebody has removed it",
  EBUSY: "it hands controllers on to groups below it",
  EOPNOTSUPP: "it is in a threaded part of the tree",
  EAGAIN: "a group above has no process left to give (its pids.max, TasksMax= of a unit, or --tenant-pids)",
};

/** Error of a VMM that could not join its group. @param group for the message. */
export function joinRefusal(errno: Errno, group: string, cause?: unknown): BerthError {
  const why = REASONS[errno];
  const message = `no process can join ${group}: ${errno}${why ? `: ${why}` : ""}`;
  return new BerthError(errno === "EROFS" ? "cgroup.read-only" : "cgroup.denied", message, { cause });
}
