/**
 * The port to virtual machine monitors: what one is told, and what is seen of it. `qemu/` is one;
 * `lib/app/vmm.ts` chooses it, and nothing else above this folder knows which one it is.
 *
 * @module
 */

import type { Rlimits } from "../process/launch.ts";

/** How the guest's instructions are run. */
export type Accelerator = "kvm" | "tcg";

/** A disk of the guest, which knows it by its serial. */
export interface Disk {
  readonly serial: string;
  /** A root is the image's, and so every guest's of it; on a scratch disk is kept what a job changes of its root. */
  readonly role?: "root" | "scratch";
  readonly path: string;
  readonly readOnly: boolean;
}

/** The disks that are a job's, in the order that its guest is told of them; the root it finds by itself. Pure. */
export function besideRoot<D extends Disk>(disks: readonly D[]): D[] {
  return disks.filter(({ role }) => role !== "root");
}

/** What is decided about a VMM's jail. */
export interface VmJail {
  /** The file that has its filter of system calls. */
  readonly filter: string;
  /** The user of the host that the VMM is, and nobody else; absent: berth's own, in a user namespace. */
  readonly user?: number;
  /** Groups of the host's that own devices which the VMM needs, where those can't be given to its user. */
  readonly groups?: readonly number[];
}

/** Everything a VMM needs to know to boot one VM. */
export interface VmPlan {
  readonly name: string;
  /** What its guest says that it is ready with, and is asked by who it is. No secret: a saved state has it, too. */
  readonly nonce: string;
  readonly accelerator: Accelerator;
  readonly memoryMiB: number;
  readonly vcpus: number;
  readonly kernel: string;
  readonly initrd: string;
  /** Words for the kernel's command line, the image's own included. */
  readonly bootArgs: readonly string[];
  readonly disks: readonly Disk[];
  /** Places for disks beside the root; absent: as many as there are. What has no disk is there, and empty. */
  readonly slots?: number;
  /** The job's own folder, where {@linkcode VM_FILES} are. */
  readonly folder: string;
  /** Whether there is a file that tells the guest who it is; see identity.ts. */
  readonly identity: boolean;
  readonly stdin: boolean;
  /** The file of a saved state that the guest goes on from, of a VM of the same shape; absent: it boots. */
  readonly state?: string;
  /** How many commands its guest can run at once; absent: one. */
  readonly lanes?: number;
  /** Absent: the VMM runs in no jail. */
  readonly jail?: VmJail;
  /** The folder of the cgroup that the VMM is born in. */
  readonly cgroup?: string;
  /** Limits of last resort, for where there is no cgroup; absent: none are wanted. */
  readonly rlimits?: Rlimits;
  /** How long a file of the VMM's may become. */
  readonly fileBytes?: number;
  /** Device nodes of the host that the VMM may use beside those that it needs. */
  readonly devices: readonly string[];
  /** What an image may choose. */
  readonly cpu?: string;
  readonly console?: string;
}

/** The files that a VM writes, in its job's folder; see {@linkcode laneFiles}. */
export const VM_FILES = {
  ...{ stdout: "out", stderr: "err", serial: "serial.log", artifacts: "artifacts.tar" },
  /** The one that it only reads. */
  identity: "identity",
} as const;

/** The names of the files that a VM writes the output of its lanes into: the first lane's are those of `VM_FILES`. */
export function laneFiles(
  { lanes = 1 }: Pick<VmPlan, "lanes">,
): { readonly stdout: string; readonly stderr: string }[] {
  const { stdout, stderr } = VM_FILES;
  return Array.from({ length: lanes }, (_, lane) => {
    return lane === 0 ? { stdout, stderr } : { stdout: `${stdout}.${lane}`, stderr: `${stderr}.${lane}` };
  });
}

/**
 * What a VM's end was: the guest's own (`guest-…`, the VMM ended in order with it), or the VMM's. `killed` is a KILL or a
 * TERM that somebody has sent; `signalled` one that the VMM took for a wish; `no-group`: it could not join its cgroup, and
 * never was; `no-jail`: its jail could not be made; `accelerator-failed`: it ended for its accelerator, as that could not be
 * used, or broke; `cpu-time`: it has used up its limit of last resort; `told`: it was told to end, or ended in order without
 * a reason; `crashed` is anything else.
 */
export type VmEndKind =
  | ("guest-off" | "guest-panic" | "guest-reset")
  | ("told" | "signalled" | "killed" | "cpu-time")
  | ("no-group" | "no-jail" | "accelerator-failed" | "crashed");

/** How a VM ended. */
export interface VmExit {
  readonly kind: VmEndKind;
  /** The exit status of its process: 128 and its number for a signal. */
  readonly code: number;
  /** The last words of the VMM itself; of one that could not join its group, those that say why. */
  readonly words: string;
  /** Why, in the VMM's own word, for people; absent when it ended without one. */
  readonly detail?: string;
}

/** Why a VMM has stopped its guest, which has not ended. */
export interface VmPause {
  /** The VMM's word for the guest's state, as in `io-error` or `internal-error`. */
  readonly status: string;
  /** Whether a disk of the host is full. */
  readonly diskFull: boolean;
}

/** Told what a VMM does, as it does it. */
export interface VmWatcher {
  /** The VMM can be talked to. */
  readonly onConnected: () => void;
  /** Its protocol's events, and its end, in words. */
  readonly onEvent: (source: "qmp" | "vmm", what: string) => void;
  /** What the VMM itself says on its standard error, piece by piece. */
  readonly onWords: (piece: string) => void;
}

/** A running VM. Disposing ends it, and rejects when the kernel can't. */
export interface Vm extends AsyncDisposable {
  /** Settles when the VMM has ended and is reaped; never rejects. */
  readonly exited: Promise<VmExit>;
  /** Settles when the VMM stops its guest by itself, which nobody will start again; never rejects. */
  readonly paused: Promise<VmPause>;
  /**
   * Settles when the state that it goes on from is all there; its guest stands still until {@linkcode resume}. Rejects when
   * it can't be had, never without a handler. Of one that boots it never settles.
   */
  readonly restored: Promise<void>;
  /** Lets a guest go on that was restored. @throws {BerthError} `vmm.qmp`; {DeadlineError}. */
  resume(): Promise<void>;
  /**
   * Saves the state of its guest, which stands still meanwhile, and goes on then whatever came of it.
   *
   * @param write takes the state, piece by piece, in its order.
   * @throws {BerthError} `vmm.qmp`; {DeadlineError}; what `write` throws.
   */
  save(write: (piece: Uint8Array) => Promise<void>): Promise<void>;
  /** Asks the VMM to end, without the guest. @returns whether it has. */
  quit(): Promise<boolean>;
  /** Ends the VMM at once. */
  kill(): void;
}

/** What a VMM takes of a host, in numbers and names. Pure. */
export interface VmmTraits {
  /** For people. */
  readonly title: string;
  /** CPU time of its threads beside the vCPUs', percent of one core. */
  readonly cpuPercent: number;
  /** The sockets that it dials into. */
  readonly sockets: readonly string[];
  /** Memory beside the guest's, bytes. */
  overheadBytes(accelerator: Accelerator): number;
  /** Address space that it can do with, bytes. */
  addressSpaceBytes(guestBytes: number, vcpus: number): number;
  /** Device nodes of the host that it opens, whatever the VM. */
  devices(accelerator: Accelerator): readonly string[];
  /**
   * Words for the kernel of an emulated guest.
   *
   * @param tscKhz the frequency of its time stamp counter; undefined when nobody knows it.
   */
  emulatedBootArgs(tscKhz: number | undefined): readonly string[];
  /** Words that are the same for two VMs only if the one can go on from the state of the other, on one host. */
  shapeOf(plan: VmPlan): readonly string[];
}

/** How long a probe may take. */
export interface ProbeBounds {
  readonly timeoutMs: number;
  /** Ends the guest, and the probe throws the signal's reason. */
  readonly stop: AbortSignal;
}

/** What a small guest has shown of an accelerator. */
export interface ProbeResult {
  readonly works: boolean;
  /** What it did, for people. */
  readonly detail: string;
  /** It was cut: the guest hung or is slow, or the host was busy. */
  readonly timedOut?: boolean;
  /** The frequency of the guest's time stamp counter. */
  readonly tscKhz?: number;
  /** How long its loop takes: by the guest's clock or by the host's, whichever says more. */
  readonly loopMs?: number;
}

/** A VMM, before its door is open. */
export interface VmmBackend extends VmmTraits {
  /** Runs a small guest on an accelerator, which takes much less than a kernel's boot. Only one is to run at a time. */
  probe(accelerator: Accelerator, bounds: ProbeBounds): Promise<ProbeResult>;
  /** Opens the door that its VMs dial in by. Nobody else may have it open. */
  open(): OpenVmm;
}

/** A VMM that VMs can be booted with. Disposing closes its door; the VMs themselves have owners. */
export interface OpenVmm extends VmmTraits, AsyncDisposable {
  /** Starts one VM, which tells by and by how far it is. The caller owns it. */
  boot(plan: VmPlan, watcher: VmWatcher): Vm;
}
