/**
 * What QEMU takes of the host beside its guest. Pure.
 *
 * @module
 */

import type { VmPlan } from "../vmm.ts";
import { TCG_CACHE_MIB } from "./args.ts";

const MIB = 1024 ** 2;

/** QEMU's own memory beside the guest's: seen 40 to 70 MiB, the jail's processes included. */
const VMM_OVERHEAD_MIB = 96;

/**
 * What QEMU's other threads may take beside the vCPUs', in percent of one core. Measured by the threads' times in /proc
 * (QEMU 7.2, emulating, one vCPU): 4 beside a busy guest, 3 beside one that prints all the time, 10 to 12 beside one that
 * writes a disk in large pieces, 18 to 34 in pieces of 4 KiB. On KVM all threads together took 75 to 101 at the same work.
 */
export const VMM_CPU_PERCENT = 35;

/**
 * Address space of a QEMU without a cgroup, per byte of its guest's memory: what it reserves is many times what it uses,
 * under TCG above all.
 */
const ADDRESS_SPACE_FACTOR = 14;
/** Each vCPU's thread reserves a stack and an arena of malloc: seen 74 MiB. */
const ADDRESS_SPACE_PER_VCPU = 128 * MIB;
/** Memory beside the guest's, bytes. */
export function vmmOverheadBytes(accelerator: VmPlan["accelerator"]): number {
  return (VMM_OVERHEAD_MIB + (accelerator === "tcg" ? TCG_CACHE_MIB : 0)) * MIB;
}

/** Address space that QEMU can do with, bytes. */
export function vmmAddressSpaceBytes(guestBytes: number, vcpus: number): number {
  return guestBytes * ADDRESS_SPACE_FACTOR + vcpus * ADDRESS_SPACE_PER_VCPU;
}
