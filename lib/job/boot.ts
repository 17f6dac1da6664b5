/**
 * Boots a job's VM until its agent has said hello. A boot that hangs is cut and tried once more.
 *
 * @module
 */

import { aborted, DeadlineError, within } from "../base/deadline.ts";
import { formatMillis } from "../base/units.ts";
import { errnoInWords, joinRefusal } from "../cgroup/join.ts";
import type { GuestConnection, Hub } from "../guest/hub.ts";
import { Session } from "../guest/session.ts";
import { refusedJoin } from "../process/launch.ts";
import { bootQemu } from "../vmm/qemu/runner.ts";
import type { QmpHub } from "../vmm/qemu/qmp.ts";
import type { Vm, VmExit, VmPlan } from "../vmm/vmm.ts";
import type { EvidenceLog } from "./evidence.ts";
import type { OnPoint } from "./points.ts";
import type { StopRequest } from "./stop.ts";
import { type End, infra } from "./verdict.ts";

/** How often a boot that hangs is tried. */
const ATTEMPTS = 2;

/** What a boot needs beside its plan. */
export interface BootSurroundings {
  readonly hub: Hub;
  readonly qmpHub: QmpHub;
  readonly stop: StopRequest;
  /** Aborted when the VM has to go at once. */
  readonly emergency: AbortSignal;
  readonly bootTimeoutMs: number;
  readonly evidence: EvidenceLog;
  readonly onPoint: OnPoint;
  readonly onAttempt: (attempt: number) => void;
  readonly onRetry: (reason: string) => void;
  /** Told what the VMM says, of every attempt. */
  readonly onWords: (piece: string) => void;
}

/** A VM that waits for its job, or the end of the attempt. */
export type BootResult = { readonly vm: Vm; readonly session: Session } | { readonly end: End };

type Outcome =
  | { readonly kind: "hello"; readonly connection: GuestConnection }
  | { readonly kind: "exit"; readonly exit: VmExit }
  | { readonly kind: "cancelled" | "hung" };

/** Boots, at most twice. The caller owns what comes back. */
export async function boot(plan: VmPlan, surroundings: BootSurroundings): Promise<BootResult> {
  const { hub, qmpHub, stop, emergency, bootTimeoutMs, evidence, onPoint } = surroundings;
  for (let attempt = 1;; attempt++) {
    surroundings.onAttempt(attempt);
    const hello = hub.expect(plan.token, "agent");
    await using attemptStack = new AsyncDisposableStack();
    attemptStack.defer(() => hub.forget(plan.token));
    onPoint("launch");
    const vm = attemptStack.use(bootQemu(plan, qmpHub, {
      onConnected: () => onPoint("qmp"),
      onEvent: (source, what) => evidence.note(source, what),
      onWords: surroundings.onWords,
    }));
    onPoint("launched");
    using _killer = killOn(emergency, vm);
    const outcome = await firstOf(hello, vm, stop, bootTimeoutMs);
    switch (outcome.kind) {
      case "hello":
        evidence.note("agent", "hello");
        onPoint("hello");
        attemptStack.move();
        return { vm, session: new Session(outcome.connection, (what) => evidence.note("agent", what)) };
      case "cancelled":
        return { end: { kind: "cancelled", by: stop.reason! } };
      case "exit":
        return { end: endOfBoot(outcome.exit, plan) };
    }
    const reason = `the guest's agent did not report within ${formatMillis(bootTimeoutMs)}`;
    evidence.note("berth", `${reason} (boot timeout, attempt ${attempt})`);
    if (attempt === ATTEMPTS) return { end: { kind: "boot-failed", reason: `${reason}, in ${ATTEMPTS} attempts` } };
    surroundings.onRetry(reason);
  }
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

/** A VMM that has not got into its group has not begun: that is the host's doing, and no guest's. */
function endOfBoot(exit: VmExit, { cgroup }: VmPlan): End {
  const words = cgroup === undefined ? undefined : refusedJoin(exit);
  if (words === undefined) return { kind: "boot-failed", reason: describeExit(exit) };
  return infra(joinRefusal(errnoInWords(words), "the VM's group"));
}

function describeExit({ code, words, reason }: VmExit): string {
  if (code === 0) return `the guest ended before its agent reported (${reason ?? "no reason given"})`;
  return `QEMU ended with status ${code}: ${words.split("\n").at(-1) || "it said nothing"}`;
}
