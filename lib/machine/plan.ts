/**
 * Everything that is to be done for a machine.
 *
 * @module
 */

import type { Tenant } from "../cgroup/driver.ts";
import type { Limits } from "../cgroup/limits.ts";
import type { VmPlan } from "../vmm/vmm.ts";
import type { DiskPlan } from "./disk_plan.ts";

/** One way to boot the VM. */
export interface BootTry extends Pick<VmPlan, "accelerator" | "bootArgs"> {
  readonly timeoutMs: number;
  /** Whether the kernel was never seen to boot so. */
  readonly isTrial?: boolean;
}

/** A machine, before it is there. */
export interface MachinePlan {
  readonly id: string;
  readonly name?: string;
  readonly image: string;
  readonly vm: VmPlan;
  /** What its guest's agent proves itself with. */
  readonly token: string;
  /** Whether its VM goes on from a saved state: where one fits, or not; `clone`: or has its own kept at least. */
  readonly start: "auto" | "cold" | "clone";
  /** How it is booted: the first way is that of `vm`, the others are for when it fails. */
  readonly boots: readonly BootTry[];
  readonly disks: readonly DiskPlan[];
  /** The limits of the VM's cgroup. */
  readonly limits: Limits;
  /** What `memory.max` has beside the guest's memory. */
  readonly memoryOverheadBytes: number;
  /** What the two are when the guest is emulated after all. */
  readonly emulated?: { readonly memoryMaxBytes: number; readonly memoryOverheadBytes: number };
  readonly tenant?: Tenant;
  /** What its folder may take of the host's disk. */
  readonly diskBytes: number;
  readonly minFreeBytes: number;
}
