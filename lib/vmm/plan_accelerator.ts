/**
 * The choice of an accelerator by what is known of the host: what tries and what only plans come to the same by it. Pure.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { type KnownHost, type KnownResult, unlessExpired } from "../host/known_host.ts";
import type { AcceleratorChoice } from "./accelerator.ts";
import type { VmmTraits } from "./vmm.ts";

/** What an emulated boot takes where none was seen: 2.4 to 5.3 s were, on three machines. */
const USUAL_HELLO_MS = 5000;
/** How many times that a kernel has on a KVM that it was never seen to boot on, and the least it has. */
const TRIAL_TIMES = 3;
const LEAST_TRIAL_MS = 6000;
/**
 * A loop that takes longer than this runs on no processor directly: KVM itself is emulated, or the host is busy, and a
 * kernel gets all the time that a boot may take. On a processor it takes some 5 ms.
 */
const DIRECT_LOOP_MS = 15;

/** Facts of KVM's node, and of the kernel that is to boot on it. */
export interface KvmFacts {
  readonly node: "missing" | "denied" | "accessible";
  /** Whether the VMM will be a user who may not open the node, though this process may. */
  readonly isDenied: boolean;
  /** Id of the guest's kernel. */
  readonly kernel: string;
}

/** Everything that the choice is made by. */
export interface AcceleratorFacts {
  readonly wanted: "auto" | "kvm" | "tcg";
  readonly known: KnownHost;
  /** When it is made: what is known may have expired by then. */
  readonly nowMs: number;
  /** Absent where emulation is wanted: nobody looks. */
  readonly kvm?: KvmFacts;
}

/**
 * The choice. A KVM that can be opened and of which nothing is known is taken for one that works.
 *
 * @throws {BerthError} `host.kvm` when KVM is asked for and does not run a guest, or not this kernel.
 */
export function planAccelerator(facts: AcceleratorFacts, vmm: Pick<VmmTraits, "emulatedBootArgs">): AcceleratorChoice {
  const { wanted, known, nowMs, kvm } = facts;
  const emulated = { bootArgs: vmm.emulatedBootArgs(known.tcgTscKhz) };
  if (wanted === "tcg" || !kvm) return { accelerator: "tcg", ...emulated };
  const seen = judgeKvm(facts);
  if (seen && !seen.works) {
    if (wanted === "kvm") throw new BerthError("host.kvm", `KVM does not work on this host: ${seen.detail}`);
    const note = `no KVM, so the guest is emulated (TCG), which is slow: ${seen.detail}`;
    return { accelerator: "tcg", ...emulated, note };
  }
  const host = { ...known, kvm: unlessExpired(known.kvm, nowMs) };
  const isProven = known.kernels?.[kvm.kernel]?.works ?? false;
  return {
    ...{ accelerator: "kvm", bootArgs: [] },
    ...(isProven ? {} : { trialMs: planTrial(host) }),
    ...(isIndirect(host) ? { isIndirect: true } : {}),
    ...(wanted === "kvm" ? {} : { fallback: emulated }),
  };
}

/** What is known of KVM here, and of this kernel on it; undefined when only a try can tell. */
export function judgeKvm({ known, nowMs, kvm }: AcceleratorFacts): KnownResult | undefined {
  if (!kvm) return undefined;
  // The node can come and go while the host runs, so it goes before what is remembered.
  if (kvm.node === "missing") return { works: false, detail: "there is no /dev/kvm" };
  if (kvm.node === "denied") return { works: false, detail: "/dev/kvm may not be opened by this user" };
  if (kvm.isDenied) return { works: false, detail: "only root may open /dev/kvm, and VMMs are users of their own" };
  return knownOf(known, nowMs, kvm.kernel);
}

/** What earlier tries have shown of KVM, and of this kernel on it, as long as it holds. */
export function knownOf({ kvm, kernels }: KnownHost, nowMs: number, kernel?: string): KnownResult | undefined {
  const boots = kernel === undefined ? undefined : unlessExpired(kernels?.[kernel], nowMs);
  return boots?.works === false ? boots : unlessExpired(kvm, nowMs);
}

/** How long a kernel has to boot on a KVM that it was never seen to boot on. */
export function planTrial({ kvm, tcgHelloMs = USUAL_HELLO_MS }: KnownHost): number {
  return isIndirect({ kvm }) ? Infinity : Math.max(LEAST_TRIAL_MS, TRIAL_TIMES * tcgHelloMs);
}

/** Whether guests run on no processor directly, for all that is known. */
export function isIndirect({ kvm }: Pick<KnownHost, "kvm">): boolean {
  return (kvm?.loopMs ?? 0) > DIRECT_LOOP_MS;
}
