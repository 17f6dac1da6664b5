/**
 * What a virtual machine monitor must do for a job. `qemu/` does it; nothing above this folder knows how.
 *
 * @module
 */

import type { Rlimits } from "../process/launch.ts";

/** How the guest's instructions are run. */
export type Accelerator = "kvm" | "tcg";

/** A disk of the guest, which finds it by its serial. */
export interface Disk {
  readonly serial: string;
  readonly path: string;
  readonly readOnly: boolean;
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
  /** What the guest's agent proves itself with. */
  readonly token: string;
  readonly accelerator: Accelerator;
  readonly memoryMiB: number;
  readonly vcpus: number;
  readonly kernel: string;
  readonly initrd: string;
  /** Words for the kernel's command line, the image's own included. */
  readonly bootArgs: readonly string[];
  readonly disks: readonly Disk[];
  /** The job's own folder, where {@linkcode VM_FILES} are. */
  readonly folder: string;
  readonly stdin: boolean;
  readonly artifacts: boolean;
  /** Absent: the VMM runs in no jail. */
  readonly jail?: VmJail;
  /** The folder of the cgroup that the VMM is born in. */
  readonly cgroup?: string;
  /** Limits of last resort, where there is no cgroup. */
  readonly rlimits?: Rlimits;
  /** How long a file of the VMM's may become. */
  readonly fileBytes?: number;
  /** Device nodes of the host that the VMM may use beside those that it needs. */
  readonly devices: readonly string[];
  /** What an image may choose. */
  readonly cpu?: string;
  readonly console?: string;
}

/** The files that a VM writes, in its job's folder. */
export const VM_FILES = { stdout: "out", stderr: "err", serial: "serial.log", artifacts: "artifacts.tar" } as const;

/** The device nodes of the host that a VMM opens. */
export function devicesOf({ accelerator, devices }: Pick<VmPlan, "accelerator" | "devices">): string[] {
  return [...new Set([...(accelerator === "kvm" ? ["/dev/kvm"] : []), ...devices])];
}

/** How a VM ended. */
export interface VmExit {
  readonly code: number;
  /** The last words of the VMM itself. */
  readonly words: string;
  /** Why the machine shut down, as the VMM reported it: `guest-reset`, `host-qmp-quit`, `guest-panic`…; absent when it
   * ended without a word. */
  readonly reason?: string;
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
  /** Asks the VMM to end, without the guest. @returns whether it has. */
  quit(): Promise<boolean>;
  /** Ends the VMM at once. */
  kill(): void;
}
