/**
 * A job as the user asks for it.
 *
 * @module
 */

import type { Tenant } from "../cgroup/driver.ts";
import type { Limits } from "../cgroup/limits.ts";
import type { DriverChoice, Parent } from "../cgroup/parent.ts";
import type { CacheRequest, VolumeRequest } from "./volumes.ts";

/** Whether berth uses something: if it can, or must it, or not at all. */
export type Need = "auto" | "require" | "off";

/** What is to be run, and under which conditions. Absent is: as the image says, or no limit. */
export interface JobSpec {
  /** Empty: the image's own command. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workdir?: string;
  /** Empty: the image's, or root. */
  readonly user: string;
  readonly stdin: boolean;
  readonly name?: string;
  readonly workspace: boolean;
  /** Paths in the guest; the n-th comes out into the n-th artifact window. */
  readonly artifacts: readonly string[];
  /** After which end of the job artifacts are copied out. */
  readonly artifactOn: "success" | "failure" | "always";
  /** What the job changes of its root goes onto a disk of this size; absent: into the guest's memory. */
  readonly scratchBytes?: number;
  readonly volumes: readonly VolumeRequest[];
  readonly caches: readonly CacheRequest[];
  /** What the job's files may take of the host's disk. */
  readonly diskBytes: number;
  /** What stays free of the disks that berth writes to. */
  readonly minFreeBytes: number;
  readonly memoryBytes?: number;
  readonly cpus?: number;
  readonly pidsMax: number;
  readonly timeoutMs?: number;
  readonly bootTimeoutMs?: number;
  /** A command of the guest's shell that runs when the job has ended. */
  readonly drain?: string;
  readonly drainTimeoutMs?: number;
  /** How long it may take from a cancellation until all is over. */
  readonly cancelTimeoutMs?: number;
  /** How much of its stdout is delivered at most, and of its stderr. */
  readonly logLimitBytes?: number;
  readonly accel: "auto" | "kvm" | "tcg";
  /** Whether the VM gets a group with its limits in force. */
  readonly limits: Need;
  /**
   * Limits of the group beside `memory.max` and `pids.max`. The device of a rate is `MAJOR:MINOR`, a name as in `sda`,
   * or a path below a folder in /dev; nobody has looked for it yet.
   */
  readonly groupLimits: Limits;
  /** Whose job it is; absent: nobody's in particular. */
  readonly tenant?: Tenant;
  readonly cgroupParent: Parent;
  readonly cgroupDriver: DriverChoice;
  /** What berth's own processes keep of the memory where they are moved into a leaf; absent: the default. */
  readonly supervisorMemoryBytes?: number;
  /** Device nodes that the VMM may use beside those that it needs: `PATH[:rwm]`, as the user wrote them. */
  readonly devices: readonly string[];
  /** Absent: it is required of root where bubblewrap is there, and used where it works by others. */
  readonly jail?: Need;
  /** The users of the host that VMMs may be when root starts them. */
  readonly uidRange: UidRange;
}

/** Users of the host by their numbers, both included. */
export interface UidRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Numbers that systemd's list of users and groups (UIDS-GIDS) has for nothing: above those of containers, below those
 * that not every program can tell from negative ones.
 */
export const DEFAULT_UID_RANGE: UidRange = { first: 1_900_000_000, last: 1_900_065_535 };

/** What hosted runners give a job of their disk, roughly. */
export const DEFAULT_DISK_BYTES = 16 * 1024 ** 3;

/** `pids.max` counts threads: QEMU peaks at about 40 with io_uring and 100 with its thread pool. */
export const DEFAULT_PIDS_MAX = 256;
