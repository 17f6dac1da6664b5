/**
 * Ends a job's VM in good order: what the guest still has to do and to hand over, then its own end. Each step is tried
 * whatever became of the ones before, each one has an end, and none replaces the job's verdict by a lesser one.
 *
 * @module
 */

import { aborted, deadline, DeadlineError, orAborted, settlesWithin, within } from "../base/deadline.ts";
import { BerthError, describeError } from "../base/errors.ts";
import type { AgentMessage } from "../guest/protocol.ts";
import type { Exec } from "../machine/exec.ts";
import type { Machine } from "../machine/machine.ts";
import type { VmPause } from "../vmm/vmm.ts";
import { endOfLost, type RunningVm } from "./account.ts";
import { type ActIo, stopCommand } from "./act.ts";
import { collectArtifacts, flushCaches, wantsArtifacts } from "./collect.ts";
import type { JobPlan } from "./plan.ts";
import { type End, hasSucceeded, infra } from "./verdict.ts";

/** How long all may take that is kept of a job: what the guest hands over, that it comes out, what caches have. */
const KEEP_MS = 600_000;
/** How long the end of a job that somebody wants gone may take, each step of it. */
export const HASTY_MS = 300;

/** What the end needs of a machine. */
export type RunningMachine = Pick<Machine, "vm" | "session" | "exec">;

/** What the end of a VM is connected to. */
export interface WindDownIo extends ActIo {
  readonly hasCaches: boolean;
  /** The file that the guest writes its artifacts into. */
  readonly archive: Deno.FsFile;
  /** Ends every wait for the guest's work. */
  readonly signal: AbortSignal;
  /** Default 10 minutes; the drain has its own time. */
  readonly keepMs?: number;
}

/** The VMM has stopped the VM by itself while something was awaited of its guest. */
class HaltedError extends Error {
  constructor(readonly pause: VmPause) {
    super(`the VMM has stopped the VM (${pause.status})`);
  }
}

/** @returns the job's end, and whether the caches have all that the job wrote. */
export async function windDownVm(
  plan: JobPlan,
  machine: RunningMachine,
  acted: End,
  io: WindDownIo,
): Promise<{ end: End; flushed: boolean }> {
  const { vm, session } = machine;
  const halt = new AbortController();
  void vm.paused.then((pause) => halt.abort(new HaltedError(pause)));
  const halting = { ...io, signal: AbortSignal.any([io.signal, halt.signal]) };
  const lost = plan.drain && hasAgent(acted) ? await drain(plan, plan.drain, machine, halting) : undefined;
  const drained = lost && outweighs(lost, acted, plan) ? lost : acted;
  const canAsk = hasAgent(drained) && !lost;
  using late = deadline(io.keepMs ?? KEEP_MS, "all that is kept of the job");
  const keeping = { ...halting, signal: AbortSignal.any([halting.signal, late.signal]) };
  const collected = wantsArtifacts(plan, drained)
    ? await collect(plan, vm, session, { end: drained, canAsk }, keeping)
    : drained;
  // Nothing of it is thrown away, but whoever wanted it to end is told that it did for that.
  const end = hasAgent(collected) ? cancellation(io, true) ?? collected : collected;
  const flushed = io.hasCaches && hasSucceeded(end) && await flush(session, canAsk, keeping);
  await shutDown(machine, end, halting);
  return { end, flushed };
}

/**
 * Whether what became of the VM in a drain is the job's end: when somebody wants it to end, and for a success that the
 * host has seen broken, or that can't hand over its artifacts any more. A drain that only hangs changes nothing.
 */
function outweighs(lost: End, acted: End, plan: JobPlan): boolean {
  if (lost.kind === "cancelled") return true;
  return hasSucceeded(acted) && (lost.kind !== "agent-lost" || wantsArtifacts(plan, acted));
}

/** Whether the agent has seen the job's end, and can be asked for more. */
function hasAgent(end: End): boolean {
  const isOver = (end.kind === "timed-out" || end.kind === "cancelled") && end.isOver;
  return end.kind === "exited" || end.kind === "refused" || isOver;
}

/** The end of a job that somebody wants to end; undefined when nobody does. */
function cancellation({ stop }: WindDownIo, isOver: boolean): End | undefined {
  return stop.reason && { kind: "cancelled", by: stop.reason, isOver };
}

/**
 * Runs the guest's hook. Its failure changes nothing of the job's verdict.
 *
 * @returns undefined when the agent has come back from it; else what became of the VM, which can be asked nothing more.
 */
async function drain(
  { exec }: JobPlan,
  { command, timeoutMs }: NonNullable<JobPlan["drain"]>,
  machine: RunningMachine,
  io: WindDownIo,
): Promise<End | undefined> {
  const { signal, tell } = io;
  const failed = (why: string) => tell({ kind: "trouble", text: `the drain failed: ${why}` });
  tell({ kind: "point", point: "drain" });
  tell({ kind: "seen", source: "berth", what: "the drain was started" });
  let hook: Exec | undefined;
  let ended: Promise<AgentMessage> | undefined;
  try {
    hook = machine.exec({ ...exec, argv: ["/bin/sh", "-c", command] });
    ended = lastWord(hook);
    const message = await orAborted(within(ended, timeoutMs, "the drain"), signal);
    if (message.kind !== "exited" || message.code !== 0) failed(describeDrain(message));
    return undefined;
  } catch (error) {
    failed(describeError(error));
    // One that takes too long is ended as a job is. Until then nobody else may listen: what is said is of the drain.
    if (error instanceof DeadlineError && hook && ended && await stopCommand(hook, ended, { hurry: signal })) {
      return undefined;
    }
    return await endOfWait(machine.vm, error, io);
  }
}

/** What ended a wait for the guest. */
async function endOfWait(vm: RunningVm, error: unknown, io: WindDownIo): Promise<End> {
  const cancelled = () => cancellation(io, false);
  if (error instanceof HaltedError) return cancelled() ?? { kind: "vm-paused", pause: error.pause };
  return cancelled() ?? await endOfLost(vm, error).then((end) => cancelled() ?? end);
}

async function lastWord(hook: Exec): Promise<AgentMessage> {
  const first = await hook.next();
  return first.kind === "started" ? await hook.next() : first;
}

function describeDrain(message: AgentMessage): string {
  if (message.kind === "exited") {
    return message.signal === undefined ? `it exited with status ${message.code}` : `signal ${message.signal} ended it`;
  }
  if (message.kind === "refused") return "the image has no /bin/sh that can be executed";
  return message.kind === "error" ? message.text : `the agent said "${message.kind}"`;
}

/** An artifact that is not there is berth's failure, not the job's; beside a failure of the job's it is a trouble. */
async function collect(
  plan: JobPlan,
  vm: RunningVm,
  session: Machine["session"],
  { end, canAsk }: { readonly end: End; readonly canAsk: boolean },
  io: WindDownIo,
): Promise<End> {
  const { tell, archive, signal } = io;
  const trouble = (text: string) => tell({ kind: "trouble", text });
  if (!canAsk) {
    trouble("no artifacts: the guest's agent can't be asked for them any more");
    return end;
  }
  tell({ kind: "point", point: "collect" });
  try {
    const onLeftOut = (what: string) => tell({ kind: "left-out", what });
    const onProgress = (text: string) => tell({ kind: "note", text });
    await collectArtifacts(plan, session, { archive, onLeftOut, onProgress, signal });
    return end;
  } catch (error) {
    if (!io.stop.reason && isOfGuest(error)) {
      const why = await endOfWait(vm, error, io);
      if (why.kind === "cancelled" || hasSucceeded(end)) return why;
    }
    if (!io.stop.reason && hasSucceeded(end)) return infra(error);
    trouble(describeError(error));
    return cancellation(io, false) ?? end;
  }
}

/** Whether it is the guest, or its VM, that something went wrong with, and not the host. */
function isOfGuest(error: unknown): boolean {
  if (error instanceof HaltedError || error instanceof DeadlineError) return true;
  return error instanceof BerthError && (error.code === "job.lost" || error.code === "guest.protocol");
}

async function flush(
  session: Machine["session"],
  canAsk: boolean,
  { signal, stop, tell }: WindDownIo,
): Promise<boolean> {
  try {
    if (!canAsk) throw new BerthError("job.lost", "the guest's agent can't be asked for them any more");
    // A cancelled job leaves none.
    await flushCaches(session, AbortSignal.any([signal, stop.requested]));
    return true;
  } catch (error) {
    tell({ kind: "trouble", text: `the job's caches are not kept: ${describeError(error)}` });
    return false;
  }
}

/**
 * The VMM's own way, then force (the VM's disposal). The guest is not asked: what is to be kept of it is on the host by
 * now, and what a job has done to it is no matter.
 */
async function shutDown({ vm }: RunningMachine, end: End, { stop, tell }: WindDownIo): Promise<void> {
  if (end.kind === "vm-ended") return;
  tell({ kind: "point", point: "poweroff" });
  const quit = vm.quit().catch(() => false);
  // Whoever wants it gone has it killed.
  using hurry = aborted(stop.requested);
  const hurried = hurry.promise.then(() => settlesWithin(quit, HASTY_MS)).then(() => true);
  if (!await Promise.race([quit, hurried])) {
    tell({ kind: "seen", source: "berth", what: "the VMM has not quit when it was told to; it is killed" });
  }
}
