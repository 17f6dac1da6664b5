/**
 * Starts a VM until its agent has said hello: from a saved state where one fits, and else by a boot. A boot that hangs is cut
 * and tried once more; a guest that KVM does not boot is emulated then, where the plan has that.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import type { Session } from "../guest/session.ts";
import { type Booted, describeKernelProblem } from "../vmm/accelerator.ts";
import type { Vm, VmExit, VmPlan } from "../vmm/vmm.ts";
import { attempt, type AttemptIo } from "./attempt.ts";
import { BootFailedError, describeFailure, endedByItself, expectJoined, type Failure } from "./boot_failure.ts";
import { type CloneIo, startClone } from "./clone.ts";
import type { BootTry } from "./plan.ts";
import type { Templates } from "./templates.ts";

/** What a boot needs beside its plan. */
export interface BootIo extends AttemptIo {
  /** Before the guest is emulated that KVM did not boot. */
  readonly onEmulated: () => Promise<void>;
  /** Tried in turn. */
  readonly tries: readonly BootTry[];
  /** Saved states that the VM can go on from; absent: it boots, and its own is not kept. */
  readonly templates?: Templates;
  /** Why there are none, where some were wanted. */
  readonly uncloneable?: string;
  readonly look?: CloneIo["look"];
}

/** A VM that waits for what it is to do. */
export interface BootedVm {
  readonly vm: Vm;
  readonly session: Session;
  /** How it has booted; absent: it went on from a saved state. */
  readonly booted?: Booted;
  /** Why it neither went on from a saved state nor has its own kept; absent: one of these. */
  readonly uncloned?: string;
}

/**
 * Boots, as often as the plan says. The caller owns what comes back.
 *
 * @throws {BootFailedError} for the image, its guest, or the VMM.
 * @throws {BerthError} `cgroup.*`, `host.kvm` for the host; the reason of `stop`.
 */
export async function boot(plan: VmPlan, io: BootIo): Promise<BootedVm> {
  const { tell, uncloneable } = io;
  const templates = plan.lanes === undefined ? io.templates : undefined;
  if (!templates) return await bootCold(plan, io, { attempt: 1, why: io.templates ? OF_LANES : uncloneable });
  const { template, why = "no state of such a guest is there yet" } = await templates.open();
  if (!template) return await bootCold(plan, io, { attempt: 1, why, templates });
  const clone = await startClone(plan, template, { ...io, templates });
  if ("vm" in clone) return { vm: clone.vm, session: clone.session };
  tell({ kind: "note", text: `the clone did not start: ${clone.why}; starting cold` });
  return await bootCold(plan, io, { attempt: 2, why: `the clone did not start: ${clone.why}` });
}

/** How many lanes a guest has is decided for each. */
const OF_LANES = "a guest that runs several commands at once has no state for others";

/** What was before a VM is booted. */
interface Before {
  /** The number of the next attempt. */
  readonly attempt: number;
  /** Why it does not go on from a saved state. */
  readonly why?: string;
  /** Where its state is kept, if its first attempt comes to that. */
  readonly templates?: Templates;
}

async function bootCold(plan: VmPlan, io: BootIo, before: Before): Promise<BootedVm> {
  const { stop, kill, tries, tell, vmm } = io;
  let kvmProblem: string | undefined;
  for (let index = 0, number = before.attempt;; number++) {
    const way = tries[index];
    const { accelerator, bootArgs, timeoutMs } = way;
    tell({ kind: "attempt", attempt: number, accelerator });
    const begunMs = performance.now();
    const templates = number === before.attempt ? before.templates : undefined;
    const result = await attempt({ vm: { ...plan, accelerator, bootArgs }, timeoutMs, templates }, io);
    if ("vm" in result) {
      const helloMs = performance.now() - begunMs - result.saveMs;
      const uncloned = result.saved === true ? undefined : [before.why, before.templates && result.saved]
        .filter((word) => word).join("; its own is not kept: ");
      tell({ kind: "start", start: "cold", why: (uncloned ?? before.why) || undefined });
      return { ...result, uncloned, booted: { accelerator, helloMs, kvmProblem } };
    }
    expectJoined(result);
    if (result.kind === "stopped") throw stop.reason;
    const reason = describeFailure(result, timeoutMs, vmm.title);
    const seen = (what: string) => tell({ kind: "seen", source: "berth", what });
    if (result.kind === "hung") seen(`${reason} (boot timeout, attempt ${number})`);
    const next = kill.aborted ? -1 : nextTry(tries, index, result);
    if (next < 0) throw failed(way, result, number === 1 ? reason : `${reason}, in ${number} attempts`);
    const isEmulatedNow = accelerator === "kvm" && tries[next].accelerator === "tcg";
    if (isEmulatedNow) {
      kvmProblem = reason;
      seen(`KVM did not boot the guest (${reason}): it is emulated`);
    }
    const text = isEmulatedNow
      ? `on KVM ${reason}; going on with emulation (TCG), which is slow`
      : `${reason}; trying once more`;
    tell({ kind: "note", text });
    if (isEmulatedNow) await io.onEmulated();
    index = next;
  }
}

/** The place of the next try; -1 when there is none. What hung is tried again, what ended only by other means. */
function nextTry(tries: readonly BootTry[], index: number, failure: Failure): number {
  if (failure.kind === "hung") return index + 1 < tries.length ? index + 1 : -1;
  if (!endedByItself(failure)) return -1;
  return tries.findIndex(({ accelerator }, at) => at > index && accelerator !== tries[index].accelerator);
}

/** Where KVM was asked for, it is to blame for a kernel that was never seen to boot on it, and for a VMM that it fails. */
function failed({ accelerator, isTrial }: BootTry, failure: Failure, reason: string): Error {
  const isKvms = failure.kind === "exit" ? endedByItself(failure) && isOfKvm(failure.exit, isTrial) : isTrial;
  if (accelerator !== "kvm" || !isKvms) return new BootFailedError(reason);
  const problem = isTrial ? describeKernelProblem(reason) : `a kernel booted on it before, and now: ${reason}`;
  return new BerthError("host.kvm", `KVM does not work on this host: ${problem}`);
}

/** A VMM whose jail could not be made has not come to its accelerator. */
function isOfKvm({ kind }: VmExit, isTrial = false): boolean {
  return kind === "accelerator-failed" || (isTrial && kind !== "no-jail");
}
