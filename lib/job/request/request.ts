/**
 * A job as one value: what the command line, a file and the host's configuration are made into, what the front process
 * hands to the host process, and what a plan is made of. It is JSON as it stands here.
 *
 * @module
 */

import { DEFAULT_MIN_FREE_BYTES } from "../../disk/names.ts";
import { DEFAULT_IMAGE } from "../../image/names.ts";
import type { UidRange } from "../../machine/vm_user.ts";

/** The form's version. A request of another one is refused. */
export const REQUEST_VERSION = 1;

/** Whether berth uses something: if it can, or must it, or not at all. */
export type Need = "auto" | "require" | "off";

/** Rates of one disk, per second: bytes read and written, and operations. */
export interface RateRequest {
  /** `MAJOR:MINOR`, a name as in `sda`, or a path below a folder in /dev; nobody has looked for it yet. */
  readonly device: string;
  readonly rbps?: number;
  readonly wbps?: number;
  readonly riops?: number;
  readonly wiops?: number;
}

/** A volume: a new file system, or the job's own copy of what is at a path of the host. */
export type VolumeRequest =
  | { readonly sizeBytes: number; readonly mountPoint: string }
  /** An ext4 file system in a file, or a folder. */
  | { readonly path: string; readonly mountPoint: string; readonly readOnly: boolean };

/** A disk that the next job gets as this one leaves it. */
export interface CacheRequest {
  readonly name: string;
  readonly mountPoint: string;
  /** What it can hold. */
  readonly sizeBytes: number;
}

/** A file or folder of the guest, and the folder of the host that it comes out into. */
export interface ArtifactRequest {
  readonly guest: string;
  readonly host: string;
}

/** Whose job it is, and the limits of all VMs of that tenant together. */
export interface TenantRequest {
  readonly name: string;
  readonly memoryBytes?: number;
  readonly swapBytes?: number;
  readonly pids?: number;
  readonly cpuQuotaPercent?: number;
}

/**
 * What is to be run, and under which conditions. Absent is: as the image says, or no limit. Paths of the host are
 * absolute, or relative to the folder that berth is called in; those of the guest are absolute.
 */
export interface JobRequest {
  readonly version: typeof REQUEST_VERSION;
  /** An image's name; with a `/` or a `.` in front the path of a folder with a `spec.json`. */
  readonly image: string;
  /** Empty: the image's own. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** A path of the guest. */
  readonly workdir?: string;
  /** `USER[:GROUP]`, names of the image or numbers; absent: the image's, or root. */
  readonly user?: string;
  readonly stdin: boolean;
  readonly name?: string;
  /** The folder that is copied into the guest as /workspace. */
  readonly workspace?: string;
  readonly volumes: readonly VolumeRequest[];
  readonly caches: readonly CacheRequest[];
  readonly artifacts: readonly ArtifactRequest[];
  /** After which end of the job artifacts are copied out. */
  readonly artifactOn: "success" | "failure" | "always";
  /** What the job changes of its root goes onto a disk of this size; absent: into the guest's memory. */
  readonly scratchBytes?: number;
  /** What the job's files may take of the host's disk. */
  readonly diskBytes: number;
  /** What stays free of the disks that berth writes to. */
  readonly minFreeBytes: number;
  /** The guest's. */
  readonly memoryBytes?: number;
  readonly cpus?: number;
  /** `pids.max` of the VM's group, where the VMM's own threads count. */
  readonly pids: number;
  /** `memory.high` of the VM's group. */
  readonly memoryHighBytes?: number;
  /** `memory.swap.max` of the VM's group; 0 is no swap at all. */
  readonly swapBytes?: number;
  /** CPU time of the VM, VMM included: 100 is one core, 0 is no limit; absent: what its CPUs can take. */
  readonly cpuQuotaPercent?: number;
  /** 1 to 10000, where others have 100. */
  readonly cpuWeight?: number;
  readonly ioWeight?: number;
  readonly ioMax: readonly RateRequest[];
  /** The host's CPUs that the VM may use, as in `0-3,8`; memory nodes as in `0-1`. */
  readonly cpuset?: string;
  readonly cpusetMems?: string;
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
  /** Whether the guest is a clone: if it can, or not and it is not saved, or an error where neither can be had. */
  readonly start: "auto" | "cold" | "clone";
  /** Whether the VM gets a group with its limits in force. */
  readonly limits: Need;
  readonly tenant?: TenantRequest;
  /** `self`, the path of a group, or `SLICE:PREFIX:NAME`. */
  readonly cgroupParent: string;
  readonly cgroupDriver: "auto" | "cgroupfs" | "systemd";
  /** What berth's own processes keep of the memory where they are moved into a leaf; absent: the default. */
  readonly supervisorMemoryBytes?: number;
  /** Device nodes of the host that the VMM may use beside those that it needs: `PATH[:rwm]`. */
  readonly devices: readonly string[];
  /** Absent: it is required of root where bubblewrap is there, and used where it works by others. */
  readonly jail?: Need;
  /** The users of the host that VMMs may be when root starts them. */
  readonly uidRange: UidRange;
}

/**
 * Numbers that systemd's list of users and groups (UIDS-GIDS) has for nothing: above those of containers, below those
 * that not every program can tell from negative ones.
 */
export const DEFAULT_UID_RANGE: UidRange = { first: 1_900_000_000, last: 1_900_065_535 };

/** What a job has that asks for nothing. */
export const DEFAULTS: JobRequest = {
  version: REQUEST_VERSION,
  image: DEFAULT_IMAGE,
  command: [],
  env: {},
  stdin: false,
  volumes: [],
  caches: [],
  artifacts: [],
  artifactOn: "success",
  // What hosted runners give a job of their disk, roughly.
  diskBytes: 16 * 1024 ** 3,
  minFreeBytes: DEFAULT_MIN_FREE_BYTES,
  // It counts threads: a VMM peaks at about 40 with io_uring and 100 with its thread pool.
  pids: 256,
  ioMax: [],
  accel: "auto",
  start: "auto",
  limits: "auto",
  cgroupParent: "self",
  cgroupDriver: "auto",
  devices: [],
  uidRange: DEFAULT_UID_RANGE,
};

/** What somebody asks for: what is not said is as {@linkcode DEFAULTS} has it. */
export type PartialRequest = Partial<JobRequest>;

/** The whole of a request. */
export function completeRequest(asked: PartialRequest): JobRequest {
  return { ...DEFAULTS, ...asked };
}

/** The folder that a request names as its image; undefined for an image of the store. */
export function imageFolder({ image }: Pick<JobRequest, "image">): string | undefined {
  return /^[./]|\//.test(image) ? image : undefined;
}
