/**
 * What an accelerator is worth, found out by running a small guest on it, and holding KVM against emulation.
 *
 * @module
 */

import { formatMillis } from "../base/units.ts";
import type { KnownHostFile } from "../host/known_host.ts";
import type { ProbeResult, VmmBackend } from "./vmm.ts";

/** It takes some 0.1 s; a host that has just booted reads its VMM from the disk, and was seen to take more than 3 s. */
export const PROBE_MS = 8000;
/** Where KVM runs a guest, emulation is only looked at, which takes some 0.3 s; emulated twice over, it may hang. */
export const EMULATED_PROBE_MS = 3000;

/** How often a loop on KVM is run until it is taken for slow, unless it takes so long that no busy host explains it. */
const MOST_LOOPS = 3;
const LONG_LOOP_MS = 1000;

/** What runs the guest, what it tells is kept in, and when it ends before its time. */
export interface TryIo {
  readonly vmm: Pick<VmmBackend, "probe">;
  readonly host: Pick<KnownHostFile, "read" | "update">;
  /** Ends a try with the signal's reason. */
  readonly stop: AbortSignal;
}

/**
 * Runs the small guest on KVM now, whatever is known of it, and holds it against an emulated one; what that showed is
 * kept, of KVM nothing.
 */
export async function tryKvm(io: TryIo): Promise<ProbeResult> {
  const { vmm, host, stop } = io;
  const first = await vmm.probe("kvm", { timeoutMs: PROBE_MS, stop });
  if (first.loopMs === undefined) return withNode(first);
  const emulatedMs = (await host.read()).tcgLoopMs ?? (await tryEmulation(EMULATED_PROBE_MS, io)).loopMs;
  if (emulatedMs === undefined) return withNode(first);
  const kvm = await fastest(first, emulatedMs, io);
  const slow = describeSlow(kvm.loopMs!, emulatedMs);
  return slow ? { ...kvm, works: false, timedOut: true, detail: slow } : withNode(kvm);
}

function withNode(kvm: ProbeResult): ProbeResult {
  return { ...kvm, detail: kvm.works ? kvm.detail : `/dev/kvm is there, but ${kvm.detail}` };
}

/** A host that does something else makes a loop longer, and nothing makes it shorter: one that is slow is run again. */
async function fastest(first: ProbeResult, emulatedMs: number, { vmm, stop }: TryIo): Promise<ProbeResult> {
  let [best, bestMs] = [first, first.loopMs!];
  for (let tries = 1; tries < MOST_LOOPS && bestMs > emulatedMs && bestMs < LONG_LOOP_MS; tries++) {
    const again = await vmm.probe("kvm", { timeoutMs: PROBE_MS, stop });
    if (again.loopMs !== undefined && again.loopMs < bestMs) [best, bestMs] = [again, again.loopMs];
  }
  return best;
}

/** How slow KVM is, if it is slower than emulation. Pure. */
export function describeSlow(loopMs: number, emulatedMs: number): string | undefined {
  if (loopMs <= emulatedMs) return undefined;
  const times = Number((loopMs / emulatedMs).toPrecision(2));
  const [kvm, emulated] = [loopMs, emulatedMs].map((ms) => formatMillis(Math.max(1, ms)));
  return `/dev/kvm runs guests ${times} times slower than emulation does: what takes that ${emulated} takes ${kvm}`;
}

/** Emulates the small guest now, and keeps what a guest that ran has shown. */
export async function tryEmulation(timeoutMs: number, { vmm, host, stop }: TryIo): Promise<ProbeResult> {
  const seen = await vmm.probe("tcg", { timeoutMs, stop });
  if (seen.works) await host.update({ tcgTscKhz: seen.tscKhz, tcgLoopMs: seen.loopMs });
  return seen;
}
