/**
 * Decides how a guest is run: by KVM where a guest has really run on it, and fast, else by emulation (TCG).
 *
 * A small guest that runs is not enough. There is a KVM that runs it, and on which Linux never gets out of its
 * decompressor; so a kernel that was never seen to boot on KVM has a short time there, and a job that may be emulated goes
 * on with that. What is not known is tried here; plan_accelerator.ts decides.
 *
 * @module
 */

import {
  identifyKernel,
  type KnownHost,
  type KnownHostFile,
  type KnownResult,
  transientFailure,
} from "../host/known_host.ts";
import type { AcceleratorChoice } from "./accelerator.ts";
import { type AcceleratorFacts, judgeKvm, knownOf, type KvmFacts, planAccelerator } from "./plan_accelerator.ts";
import { EMULATED_PROBE_MS, PROBE_MS, tryEmulation, type TryIo, tryKvm } from "./try_accelerator.ts";
import type { VmmBackend } from "./vmm.ts";

/** For whom it is decided. */
export interface AcceleratorWish extends Pick<AcceleratorFacts, "wanted">, Pick<KvmFacts, "isDenied"> {
  /** The file of the guest's kernel. */
  readonly kernel: string;
}

/** What it is decided by. */
export interface ChoiceIo extends TryIo {
  readonly vmm: Pick<VmmBackend, "probe" | "emulatedBootArgs">;
  readonly host: Pick<KnownHostFile, "read" | "update" | "readKvmNode">;
}

/**
 * Decides it.
 *
 * @throws {BerthError} `host.kvm` when KVM is asked for and does not run a guest, or not this kernel.
 */
export async function chooseAccelerator(wish: AcceleratorWish, io: ChoiceIo): Promise<AcceleratorChoice> {
  const facts = await withKvmTried(await readFacts(wish, io.host), io);
  const choice = planAccelerator(facts, io.vmm);
  const timeoutMs = emulationTrialMs(choice);
  if (timeoutMs === undefined || facts.known.tcgTscKhz !== undefined) return choice;
  const { tscKhz } = await tryEmulation(timeoutMs, io);
  return planAccelerator({ ...facts, known: { ...facts.known, tcgTscKhz: tscKhz } }, io.vmm);
}

/**
 * Decides it by what is known, and tries nothing: where all is known, it is what {@linkcode chooseAccelerator} decides.
 *
 * @throws {BerthError} as that does.
 */
export async function guessAccelerator(
  wish: AcceleratorWish,
  { vmm, host }: { readonly vmm: Pick<VmmBackend, "emulatedBootArgs">; readonly host: HostReader },
): Promise<AcceleratorChoice> {
  return planAccelerator(await readFacts(wish, host), vmm);
}

/** Who tells what is known. */
type HostReader = Pick<KnownHostFile, "read" | "readKvmNode">;

async function readFacts({ wanted, kernel, isDenied }: AcceleratorWish, host: HostReader): Promise<AcceleratorFacts> {
  const [known, nowMs] = [await host.read(), Date.now()];
  if (wanted === "tcg") return { wanted, known, nowMs };
  const kvm = { node: await host.readKvmNode(), isDenied, kernel: await identifyKernel(kernel) };
  return { wanted, known, nowMs, kvm };
}

/** The facts with what the small guest does on KVM, where nobody knows it yet. It runs once. */
async function withKvmTried(facts: AcceleratorFacts, io: ChoiceIo): Promise<AcceleratorFacts> {
  if (!facts.kvm || judgeKvm(facts)) return facts;
  const { works, detail, timedOut, loopMs } = await tryKvm(io);
  // The try itself may have shown something of emulation.
  const known = await io.host.read();
  const result = timedOut ? transientFailure(known.kvm, detail, Date.now()) : { works, detail };
  const kvm: KnownHost["kvm"] = { ...result, loopMs };
  await io.host.update({ kvm });
  return { ...facts, known: { ...known, kvm } };
}

/**
 * How long the frequency of an emulated guest's time stamp counter is looked for, where it is not known; undefined where
 * nobody needs it, or a kernel that has booted on KVM will hardly need it.
 */
function emulationTrialMs({ accelerator, trialMs, fallback }: AcceleratorChoice): number | undefined {
  if (accelerator === "tcg") return PROBE_MS;
  return fallback && trialMs !== undefined ? EMULATED_PROBE_MS : undefined;
}

/** What is known of KVM from earlier tries, and of this kernel on it, as long as it holds. @param kernel its file. */
export async function readKnownKvm(
  host: Pick<KnownHostFile, "read">,
  kernel?: string,
): Promise<KnownResult | undefined> {
  return knownOf(await host.read(), Date.now(), kernel && await identifyKernel(kernel));
}
