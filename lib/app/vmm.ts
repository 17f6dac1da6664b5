/**
 * The choice of the VMM that berth's VMs are run by: no other module names one.
 *
 * @module
 */

import { QEMU_TRAITS } from "../vmm/qemu/traits.ts";
import type { VmmBackend, VmmTraits } from "../vmm/vmm.ts";

/** What it takes of a host. */
export const VMM_TRAITS: VmmTraits = QEMU_TRAITS;

/** Loads it, which a process that runs no guest does without. */
export async function loadVmm(): Promise<VmmBackend> {
  return (await import("../vmm/qemu/backend.ts")).QEMU_BACKEND;
}
