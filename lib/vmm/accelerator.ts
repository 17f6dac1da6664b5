/**
 * The decision how a guest is run, and what a boot has shown of it. `choose_accelerator.ts` makes it.
 *
 * @module
 */

import { formatMillis } from "../base/units.ts";
import type { Accelerator, VmExit } from "./vmm.ts";

/** The decision. */
export interface AcceleratorChoice {
  readonly accelerator: Accelerator;
  /** Why it is not KVM, when nobody asked for emulation. */
  readonly note?: string;
  /** KVM is emulated itself: a boot may take as long on it as without it. */
  readonly isIndirect?: boolean;
  /** Words for the guest's kernel. */
  readonly bootArgs: readonly string[];
  /** The kernel was never seen to boot on KVM: how long it has there at most. */
  readonly trialMs?: number;
  /** The words for its kernel when the guest is emulated after all, as KVM does not boot it; absent: it is not. */
  readonly fallback?: { readonly bootArgs: readonly string[] };
}

/** How a guest has booted. */
export interface Booted {
  readonly accelerator: Accelerator;
  /** From the VMM's start to the agent's hello. */
  readonly helloMs: number;
  /** Why it was not by KVM, which was tried before. */
  readonly kvmProblem?: string;
}

/** What is wrong with a KVM that runs the probe guest, but no kernel. Pure. */
export function describeKernelProblem(problem: string): string {
  return `a small guest ran on /dev/kvm, but this kernel did not: ${problem}`;
}

/** How a boot hung. Pure. */
export function describeHang(timeoutMs: number): string {
  return `the guest's agent did not report within ${formatMillis(timeoutMs)}`;
}

/** How a VM ended whose agent had not reported. Pure. @param title the VMM's name. */
export function describeExit({ code, words, detail }: VmExit, title: string): string {
  if (code === 0) return `the guest ended before its agent reported (${detail ?? "no reason given"})`;
  return `${title} ended with status ${code}: ${words.split("\n").at(-1) || "it said nothing"}`;
}
