/**
 * Boots a job's VM until its agent has said hello. A boot that hangs is cut and tried once more; a guest that KVM does not
 * boot is emulated then, where the plan has that.
 *
 * @module
 */

import { aborted, DeadlineError, within } from "../base/deadline.ts";
import { BerthError } from "../base/errors.ts";
import { errnoInWords, joinRefusal } from "../cgroup/join.ts";
import type { GuestConnection, Hub } from "../guest/hub.ts";
import { Session } from "../guest/session.ts";
import { refusedJoin } from "../process/launch.ts";
import { type Booted, describeKernelProblem } from "../vmm/qemu/accelerator.ts";
import type { bootQemu } from "../vmm/qemu/runner.ts";
import type { QmpHub } from "../vmm/qemu/qmp.ts";
import { describeExit, describeHang } from "../vmm/qemu/try_kernel.ts";
import type { Vm, VmExit, VmPlan } from "../vmm/vmm.ts";
import type { EvidenceLog } from "./evidence.ts";
import type { OnPoint } from "./points.ts";
import type { BootTry } from "./plan.ts";
import type { StopRequest } from "./stop.ts";
import { type End, infra } from "./verdict.ts";

/** A shell's words for a VMM that somebody has ended (KILL, TERM): it is not KVM that failed. */
const ENDED_BY_OTHERS = [128 + 9, 128 + 15];

/** Starts a VMM: see {@linkcode bootQemu}. */
export type BootVm = typeof bootQemu;

/** What a boot needs beside its plan. */
export interface BootSurroundings {
  readonly hub: Hub;
  readonly qmpHub: QmpHub;
  readonly bootVm: BootVm;
  readonly stop: StopRequest;
  /** Aborted when the VM has to go at once. */
  readonly emergency: AbortSignal;
  /** Before the guest is emulated that KVM did not boot. */
  readonly onEmulated: () => Promise<void>;
  /** Tried in turn. */
  readonly tries: readonly BootTry[];
  readonly evidence: EvidenceLog;
  readonly onPoint: OnPoint;
  readonly onAttempt: (attempt: number, accelerator: VmPlan["accelerator"]) => void;
  /** Told what is wrong, and what is done about it. */
  readonly onRetry: (text: string) => void;
  /** Told what the VMM says, of every attempt. */
  readonly onWords: (piece: string) => void;
}

/** A VM that waits for its job, or the end of all attempts. */
export type BootResult =
  | { readonly vm: Vm; readonly session: Session; readonly booted: Booted }
  | { readonly end: End };

/** A boot that came to nothing. */
type Failure = { readonly kind: "exit"; readonly exit: VmExit } | { readonly kind: "cancelled" } | {
  readonly kind: "hung";
};
type Outcome = Failure | { readonly kind: "hello"; readonly connection: GuestConnection };

/** Boots, as often as the plan says. The caller owns what comes back. */
export async function boot(plan: VmPlan, surroundings: BootSurroundings): Promise<BootResult> {
  const { stop, emergency, tries, evidence } = surroundings;
  let kvmProblem: string | undefined;
  for (let index = 0, attempt = 1;; attempt++) {
    const way = tries[index];
    const { accelerator, bootArgs } = way;
    surroundings.onAttempt(attempt, accelerator);
    const begunMs = performance.now();
    const result = await bootOnce({ ...plan, accelerator, bootArgs }, way, surroundings);
    const helloMs = performance.now() - begunMs;
    if ("vm" in result) return { ...result, booted: { accelerator, helloMs, kvmProblem } };
    const refused = refusedByHost(result, plan);
    if (refused) return { end: refused };
    if (result.kind === "cancelled") return { end: { kind: "cancelled", by: stop.reason!, isOver: false } };
    const reason = result.kind === "hung" ? describeHang(way.timeoutMs) : describeExit(result.exit);
    if (result.kind === "hung") evidence.note("berth", `${reason} (boot timeout, attempt ${attempt})`);
    const next = emergency.aborted ? -1 : nextTry(tries, index, result);
    if (next < 0) return { end: failed(way, result, attempt === 1 ? reason : `${reason}, in ${attempt} attempts`) };
    const isEmulatedNow = accelerator === "kvm" && tries[next].accelerator === "tcg";
    if (isEmulatedNow) {
      kvmProblem = reason;
      evidence.note("berth", `KVM did not boot the guest (${reason}): it is emulated`);
    }
    surroundings.onRetry(
      isEmulatedNow ? `on KVM ${reason}; going on with emulation (TCG), which is slow` : `${reason}; trying once more`,
    );
    if (isEmulatedNow) await surroundings.onEmulated();
    index = next;
  }
}

/** The place of the next try; -1 when there is none. What hung is tried again, what ended only by other means. */
function nextTry(tries: readonly BootTry[], index: number, failure: Failure): number {
  if (failure.kind === "hung") return index + 1 < tries.length ? index + 1 : -1;
  if (!endedByItself(failure)) return -1;
  return tries.findIndex(({ accelerator }, at) => at > index && accelerator !== tries[index].accelerator);
}

function endedByItself(failure: Failure): boolean {
  return failure.kind === "exit" && !ENDED_BY_OTHERS.includes(failure.exit.code);
}

/** Where KVM was asked for, it is to blame for a kernel that was never seen to boot on it, and for what QEMU says of it. */
function failed({ accelerator, isTrial }: BootTry, failure: Failure, reason: string): End {
  const isKvms = failure.kind === "hung" ? isTrial : endedByItself(failure) && isOfKvm(reason, isTrial);
  if (accelerator !== "kvm" || !isKvms) return { kind: "boot-failed", reason };
  const problem = isTrial ? describeKernelProblem(reason) : `a kernel booted on it before, and now: ${reason}`;
  return infra(new BerthError("host.kvm", `KVM does not work on this host: ${problem}`));
}

/** What a jail says that could not be made is about it, unless it is about KVM's node. */
function isOfKvm(reason: string, isTrial = false): boolean {
  return /kvm/i.test(reason) || (isTrial && !reason.includes(": bwrap: "));
}

async function bootOnce(
  plan: VmPlan,
  { timeoutMs }: BootTry,
  surroundings: BootSurroundings,
): Promise<{ readonly vm: Vm; readonly session: Session } | Failure> {
  const { hub, qmpHub, bootVm, stop, emergency, evidence, onPoint } = surroundings;
  const hello = hub.expect(plan.token, "agent");
  await using attemptStack = new AsyncDisposableStack();
  attemptStack.defer(() => hub.forget(plan.token));
  onPoint("launch");
  const vm = attemptStack.use(bootVm(plan, qmpHub, {
    onConnected: () => onPoint("qmp"),
    onEvent: (source, what) => evidence.note(source, what),
    onWords: surroundings.onWords,
  }));
  onPoint("launched");
  using _killer = killOn(emergency, vm);
  const outcome = await firstOf(hello, vm, stop, timeoutMs);
  if (outcome.kind !== "hello") return outcome;
  evidence.note("agent", "hello");
  onPoint("hello");
  attemptStack.move();
  return { vm, session: new Session(outcome.connection, (what) => evidence.note("agent", what)) };
}

/** Kills the VM as soon as the signal is aborted. */
export function killOn(signal: AbortSignal, vm: Vm): Disposable {
  const killer = aborted(signal);
  void killer.promise.then(() => vm.kill());
  return killer;
}

async function firstOf(
  hello: Promise<GuestConnection>,
  vm: Vm,
  stop: StopRequest,
  bootTimeoutMs: number,
): Promise<Outcome> {
  using cancelled = aborted(stop.requested);
  const first = Promise.race<Outcome>([
    hello.then((connection) => ({ kind: "hello", connection })),
    vm.exited.then((exit) => ({ kind: "exit", exit })),
    cancelled.promise.then(() => ({ kind: "cancelled" })),
  ]);
  try {
    return await within(first, bootTimeoutMs, "the guest's agent");
  } catch (error) {
    if (error instanceof DeadlineError) return { kind: "hung" };
    throw error;
  }
}

/** A VMM that has not got into its group has not begun: that is the host's doing, and neither KVM's nor a guest's. */
function refusedByHost(failure: Failure, { cgroup }: VmPlan): End | undefined {
  const words = cgroup !== undefined && failure.kind === "exit" ? refusedJoin(failure.exit) : undefined;
  return words === undefined ? undefined : infra(joinRefusal(errnoInWords(words), "the VM's group"));
}
