/**
 * Decides how a guest is run: by KVM where a guest has really run on it, else by emulation (TCG).
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { kvmNode, recall, remember } from "../../host/memory.ts";
import { ROOT } from "../../host/windows.ts";
import type { Accelerator } from "../vmm.ts";
import { probe, type ProbeResult } from "./probe.ts";

/** It takes some 0.1 s; a host that has just booted reads QEMU from its disk, and was seen to take more than 3 s. */
const PROBE_MS = 8000;
/** A probe that was cut may have been cut because the host was busy: after this, it is tried again. */
const DOUBT_MS = 60_000;
const FIRMWARE = `${ROOT}/probe.bin`;

/** The decision. */
export interface AcceleratorChoice {
  readonly accelerator: Accelerator;
  /** Why it is not KVM, when nobody asked for emulation. */
  readonly note?: string;
  /** Words for the guest's kernel. */
  readonly bootArgs: readonly string[];
}

/**
 * @param stop ends it before its time, with the signal's reason.
 * @param isDenied whether the VMM will be a user who may not open KVM's node, though this process may.
 * @throws {BerthError} `host.kvm` when KVM is asked for and does not run a guest.
 */
export async function chooseAccelerator(
  wanted: "auto" | "kvm" | "tcg",
  stop: AbortSignal,
  isDenied = false,
): Promise<AcceleratorChoice> {
  if (wanted === "tcg") return await emulation(stop);
  const kvm = await probeKvm(stop, isDenied);
  if (kvm.works) return { accelerator: "kvm", bootArgs: [] };
  if (wanted === "kvm") throw new BerthError("host.kvm", `KVM does not work on this host: ${kvm.detail}`);
  return { ...await emulation(stop), note: `no KVM, so the guest is emulated (TCG), which is slow: ${kvm.detail}` };
}

async function probeKvm(stop: AbortSignal, isDenied: boolean): Promise<{ works: boolean; detail: string }> {
  // The node can come and go while the host runs, so it is looked at each time; the probe runs once.
  const node = await kvmNode();
  if (node === "missing") return { works: false, detail: "there is no /dev/kvm" };
  if (node === "denied") return { works: false, detail: "/dev/kvm may not be opened by this user" };
  if (isDenied) return { works: false, detail: "only root may open /dev/kvm, and VMMs are users of their own" };
  const known = await recallKvm();
  if (known) return known;
  const { works, detail, timedOut } = await tryAccelerator("kvm", stop);
  const kvm = { works, detail: works ? detail : `/dev/kvm is there, but ${detail}` };
  await remember({ kvm: timedOut ? { ...kvm, untilMs: Date.now() + DOUBT_MS } : kvm });
  return kvm;
}

/** What is known of KVM from an earlier try, as long as berth goes by it. */
export async function recallKvm(): Promise<{ works: boolean; detail: string } | undefined> {
  const known = (await recall()).kvm;
  return known && Date.now() < (known.untilMs ?? Infinity) ? known : undefined;
}

/** Runs the probe guest now, whatever is known, and remembers nothing. */
export async function tryAccelerator(
  accelerator: Accelerator,
  stop = new AbortController().signal,
): Promise<ProbeResult> {
  return await probe(accelerator, { firmware: FIRMWARE, timeoutMs: PROBE_MS, stop });
}

/**
 * An emulated guest is told how fast its time stamp counter is. Left alone, its kernel measures that against the PIT,
 * which fails when the host is busy; the microvm machine has no other clock that could stand in (no HPET, no PM timer,
 * no PIT interrupt with reduced ACPI), and the boot hangs.
 */
async function emulation(stop: AbortSignal): Promise<AcceleratorChoice> {
  let khz = (await recall()).tcgTscKhz;
  if (khz === undefined) {
    khz = (await tryAccelerator("tcg", stop)).tscKhz;
    if (khz !== undefined) await remember({ tcgTscKhz: khz });
  }
  return { accelerator: "tcg", bootArgs: khz === undefined ? [] : [`tsc_early_khz=${khz}`, "tsc=reliable"] };
}
