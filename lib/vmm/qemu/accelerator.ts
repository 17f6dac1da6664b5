/**
 * Decides how a guest is run: by KVM where a guest has really run on it, and fast, else by emulation (TCG).
 *
 * A small guest that runs is not enough. There is a KVM that runs it, and on which Linux never gets out of its
 * decompressor; so a kernel that was never seen to boot on KVM has a short time there, and a job that may be emulated goes
 * on with that.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { formatMillis } from "../../base/units.ts";
import {
  type Belief,
  believed,
  doubtful,
  type HostMemory,
  identifyKernel,
  kvmNode,
  recall,
  remember,
  withKernel,
} from "../../host/known_host.ts";
import { ROOT } from "../../host/windows.ts";
import type { Accelerator } from "../vmm.ts";
import { probe, type ProbeResult } from "./probe.ts";

/** It takes some 0.1 s; a host that has just booted reads QEMU from its disk, and was seen to take more than 3 s. */
const PROBE_MS = 8000;
/** Where KVM runs a guest, emulation is only looked at, which takes some 0.3 s; emulated twice over, it may hang. */
const EMULATED_PROBE_MS = 3000;
const FIRMWARE = `${ROOT}/probe.bin`;

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

/** The decision. */
export interface AcceleratorChoice {
  readonly accelerator: Accelerator;
  /** Why it is not KVM, when nobody asked for emulation. */
  readonly note?: string;
  /** Words for the guest's kernel. */
  readonly bootArgs: readonly string[];
  /** The kernel was never seen to boot on KVM: how long it has there at most. */
  readonly trialMs?: number;
  /** The words for its kernel when the guest is emulated after all, as KVM does not boot it; absent: it is not. */
  readonly fallback?: { readonly bootArgs: readonly string[] };
}

/** For whom it is decided. */
export interface AcceleratorWish {
  readonly wanted: "auto" | "kvm" | "tcg";
  /** The file of the guest's kernel. */
  readonly kernel: string;
  /** Whether the VMM will be a user who may not open KVM's node, though this process may. */
  readonly isDenied: boolean;
}

/**
 * @param stop ends it before its time, with the signal's reason.
 * @throws {BerthError} `host.kvm` when KVM is asked for and does not run a guest, or not this kernel.
 */
export async function chooseAccelerator(wish: AcceleratorWish, stop: AbortSignal): Promise<AcceleratorChoice> {
  const { wanted } = wish;
  if (wanted === "tcg") return await emulation(stop);
  const kernel = await identifyKernel(wish.kernel);
  const kvm = await judgeKvm(kernel, stop, wish.isDenied);
  if (!kvm.works) {
    if (wanted === "kvm") throw new BerthError("host.kvm", `KVM does not work on this host: ${kvm.detail}`);
    return { ...await emulation(stop), note: `no KVM, so the guest is emulated (TCG), which is slow: ${kvm.detail}` };
  }
  const memory = await recall();
  const isProven = memory.kernels?.[kernel]?.works ?? false;
  const trial = isProven ? {} : { trialMs: planTrial(memory) };
  if (wanted === "kvm") return { accelerator: "kvm", bootArgs: [], ...trial };
  const khz = isProven ? memory.tcgTscKhz : await frequency(memory, stop, EMULATED_PROBE_MS);
  return { accelerator: "kvm", bootArgs: [], ...trial, fallback: { bootArgs: emulationWords(khz) } };
}

/** How long a kernel has to boot on a KVM that it was never seen to boot on. Pure. */
export function planTrial({ kvm, tcgHelloMs = USUAL_HELLO_MS }: HostMemory): number {
  return (kvm?.loopMs ?? 0) > DIRECT_LOOP_MS ? Infinity : Math.max(LEAST_TRIAL_MS, TRIAL_TIMES * tcgHelloMs);
}

/** What is known of KVM and this kernel, or what the probe guest does. */
async function judgeKvm(kernel: string, stop: AbortSignal, isDenied: boolean): Promise<Belief> {
  // The node can come and go while the host runs, so it is looked at each time; the probe runs once.
  const node = await kvmNode();
  if (node === "missing") return { works: false, detail: "there is no /dev/kvm" };
  if (node === "denied") return { works: false, detail: "/dev/kvm may not be opened by this user" };
  if (isDenied) return { works: false, detail: "only root may open /dev/kvm, and VMMs are users of their own" };
  const known = believedOf(await recall(), kernel);
  if (known) return known;
  const { works, detail, timedOut, loopMs } = await tryKvm(stop);
  const earlier = (await recall()).kvm;
  const kvm = timedOut ? doubtful(earlier, detail, Date.now()) : { works, detail };
  await remember({ kvm: { ...kvm, loopMs } });
  return kvm;
}

/** What is known of KVM from earlier tries, and of this kernel on it, as long as berth goes by it. */
export async function recallKvm(kernel?: string): Promise<Belief | undefined> {
  return believedOf(await recall(), kernel && await identifyKernel(kernel));
}

function believedOf({ kvm, kernels }: HostMemory, kernel?: string): Belief | undefined {
  const boots = kernel === undefined ? undefined : believed(kernels?.[kernel]);
  return boots?.works === false ? boots : believed(kvm);
}

/**
 * Runs the probe guest on KVM now, whatever is known of it, and holds it against an emulated one; what that showed is
 * remembered, of KVM nothing.
 */
export async function tryKvm(stop?: AbortSignal): Promise<ProbeResult> {
  const kvm = await tryAccelerator("kvm", stop);
  const detail = kvm.works ? kvm.detail : `/dev/kvm is there, but ${kvm.detail}`;
  if (kvm.loopMs === undefined) return { ...kvm, detail };
  const emulatedMs = (await recall()).tcgLoopMs ?? (await lookAtEmulation(stop, EMULATED_PROBE_MS)).loopMs;
  const slow = emulatedMs === undefined ? undefined : describeSlow(kvm.loopMs, emulatedMs);
  return slow ? { ...kvm, works: false, timedOut: true, detail: slow } : { ...kvm, detail };
}

/** How slow KVM is, if it is slower than emulation. Pure. */
export function describeSlow(loopMs: number, emulatedMs: number): string | undefined {
  if (loopMs <= emulatedMs) return undefined;
  const times = Number((loopMs / emulatedMs).toPrecision(2));
  const [kvm, emulated] = [loopMs, emulatedMs].map((ms) => formatMillis(Math.max(1, ms)));
  return `/dev/kvm runs guests ${times} times slower than emulation does: what takes that ${emulated} takes ${kvm}`;
}

/** Runs the probe guest now, whatever is known, and remembers nothing. */
export async function tryAccelerator(
  accelerator: Accelerator,
  stop = new AbortController().signal,
  timeoutMs = PROBE_MS,
): Promise<ProbeResult> {
  return await probe(accelerator, { firmware: FIRMWARE, timeoutMs, stop });
}

async function emulation(stop: AbortSignal): Promise<AcceleratorChoice> {
  const khz = await frequency(await recall(), stop, PROBE_MS);
  return { accelerator: "tcg", bootArgs: emulationWords(khz) };
}

async function frequency({ tcgTscKhz }: HostMemory, stop: AbortSignal, timeoutMs: number): Promise<number | undefined> {
  return tcgTscKhz ?? (await lookAtEmulation(stop, timeoutMs)).tscKhz;
}

async function lookAtEmulation(stop: AbortSignal | undefined, timeoutMs: number): Promise<ProbeResult> {
  const seen = await tryAccelerator("tcg", stop, timeoutMs);
  if (seen.works) await remember({ tcgTscKhz: seen.tscKhz, tcgLoopMs: seen.loopMs });
  return seen;
}

/**
 * An emulated guest is told how fast its time stamp counter is. Left alone, its kernel measures that against the PIT,
 * which fails when the host is busy; the microvm machine has no other clock that could stand in (no HPET, no PM timer,
 * no PIT interrupt with reduced ACPI), and the boot hangs.
 */
function emulationWords(khz: number | undefined): string[] {
  return khz === undefined ? [] : [`tsc_early_khz=${khz}`, "tsc=reliable"];
}

/** How a guest has booted. */
export interface Booted {
  readonly accelerator: Accelerator;
  /** From the VMM's start to the agent's hello. */
  readonly helloMs: number;
  /** Why it was not by KVM, which was tried before. */
  readonly kvmProblem?: string;
}

/** Remembers what a boot has shown of KVM and of this kernel. */
export async function learnFromBoot(path: string, { accelerator, helloMs, kvmProblem }: Booted): Promise<void> {
  const { kernels, tcgHelloMs = Infinity } = await recall();
  const kernel = await identifyKernel(path);
  const earlier = kernels?.[kernel];
  if (accelerator === "kvm") {
    if (earlier?.works) return;
    return await remember({ kernels: withKernel(kernels, kernel, { works: true, detail: "a kernel booted on it" }) });
  }
  // Only now is it known that it was not the kernel's fault. What the probe guest did may not be so any more either.
  const failed = kvmProblem !== undefined && {
    kernels: withKernel(kernels, kernel, doubtful(earlier, describeKernelProblem(kvmProblem), Date.now())),
    kvm: undefined,
  };
  // What a busy host has made long is not what a boot takes; a bit less is not worth the disk's time.
  const fast = helloMs < tcgHelloMs / 2 && { tcgHelloMs: Math.round(helloMs) };
  if (failed || fast) await remember({ ...failed, ...fast });
}

/** What is wrong with a KVM that runs the probe guest, but no kernel. Pure. */
export function describeKernelProblem(problem: string): string {
  return `a small guest ran on /dev/kvm, but this kernel did not: ${problem}`;
}
