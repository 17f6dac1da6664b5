/**
 * The points of a job's life, at which things can go wrong.
 *
 * @module
 */

/** In the order in which a job reaches them. A job that ends early, needs no group, or whose guest is no clone and makes none, leaves some out. */
export const POINTS = [
  /** Nothing of the job is there. */
  "folder",
  /** Its folder and disks are there, its group is not. */
  "group",
  /** Its group is there. */
  "grouped",
  /** The VMM is about to be started. */
  "launch",
  /** The VMM is a process. */
  "launched",
  /** The VMM has dialled in. */
  "qmp",
  /** The state of a template is in the VM, which does not run yet. */
  "restored",
  /** The guest is up, and belongs to nobody yet. */
  "ready",
  /** Its state was saved as a template. */
  "saved",
  /** The guest's agent has said hello. */
  "hello",
  /** The agent was told what to run. */
  "exec",
  /** The job runs. */
  "started",
  /** The job has ended. */
  "ended",
  /** The job's hook for its end is about to run. */
  "drain",
  /** The guest hands artifacts over. */
  "collect",
  /** The VM's power is cut: the VMM is told to quit. */
  "poweroff",
  /** The VM is gone. */
  "gone",
  /** What the job had on the host is about to be removed. */
  "removal",
  /** All of it is removed, and the report is about to be written. */
  "report",
] as const;

/** One of {@linkcode POINTS}. */
export type Point = typeof POINTS[number];
