/**
 * From exec to the job's end, whoever causes it.
 *
 * @module
 */

import { aborted, settlesWithin } from "../base/deadline.ts";
import { formatMillis } from "../base/units.ts";
import type { Tell } from "../machine/events.ts";
import type { Exec } from "../machine/exec.ts";
import type { Machine } from "../machine/machine.ts";
import type { JobPlan } from "./plan.ts";
import { type Account, converse, KILL_MS, type RunningVm } from "./account.ts";
import type { JobEvent } from "./events.ts";
import { STOP_NUMBERS, type StopRequest } from "./stop.ts";
import { type End, infra } from "./verdict.ts";

/** From a timeout's TERM to its KILL. */
const TIMEOUT_GRACE_MS = 5000;
/** From a cancellation's signal to its KILL, or half of the time that a cancelled job has, if that is less. */
const CANCEL_GRACE_MS = 5000;
/** The same for a job that nobody listens to. */
const PIPE_GRACE_MS = 1200;

/** How much later the signal may come of what broke the input, too. */
const HANGUP_MS = 500;

const SIGTERM = 15;
const SIGKILL = 9;

/** What a job's act is connected to. */
export interface ActIo {
  readonly stop: StopRequest;
  readonly tell: Tell<JobEvent>;
}

/** What came of it. */
export interface Acted {
  readonly end: End;
  /** Whether the job has started. Where nobody can say, it counts as started: it is not to be run twice by mistake. */
  readonly started: boolean;
}

/** Runs the job in a VM that waits for it. */
export async function act(
  plan: JobPlan,
  machine: Pick<Machine, "vm" | "exec" | "inputBroken">,
  { stop, tell }: ActIo,
): Promise<Acted> {
  const { vm } = machine;
  const started = Promise.withResolvers<void>();
  let isOver = false;
  const onStarted = () => {
    // Of a job that is being stopped by now, it is no point of its life any more.
    if (!isOver) tell({ kind: "point", point: "started" });
    started.resolve();
  };
  using timeout = timeoutAfter(started.promise, plan.timeoutMs);
  // What was lost before its time was up has not timed out, although it takes a while to see what became of it.
  const exec = machine.exec(plan.exec);
  const account = converse(plan, exec, vm, { onStarted, onLost: () => timeout[Symbol.dispose]() });
  const ended = account.then(({ end }) => end);
  const acted = async (end: End) => ({ end, started: await hasStarted(started.promise, account, vm) });
  using cancelled = aborted(stop.requested);
  const end = await Promise.race<End>([
    ended,
    vm.exited.then((exit) => ({ kind: "vm-ended", exit })),
    vm.paused.then((pause) => ({ kind: "vm-paused", pause })),
    timeout.end,
    machine.inputBroken.then(async (error) => {
      // A terminal that hangs up breaks the input as well, and so does a front process that is gone.
      await settlesWithin(ended, HANGUP_MS, stop.requested);
      return infra(error);
    }),
    cancelled.promise.then(() => ({ kind: "cancelled", by: stop.reason!, isOver: false })),
  ]);
  isOver = true;
  tell({ kind: "point", point: "ended" });
  if (end.kind === "boot-failed") tell({ kind: "seen", source: "berth", what: end.reason });
  return await acted(await stopIfNeeded(plan, end, exec, ended, { stop, tell }));
}

/** A job whose time is up, or that somebody wants to end, is told so; what has ended already is left alone. */
async function stopIfNeeded(
  plan: JobPlan,
  end: End,
  exec: Exec,
  ended: Promise<End>,
  { stop, tell }: ActIo,
): Promise<End> {
  if (end.kind === "timed-out") {
    const what = `${end.reason}; it was told to end (TERM, and KILL after ${formatMillis(TIMEOUT_GRACE_MS)})`;
    tell({ kind: "seen", source: "berth", what });
    const last = await stopCommand(exec, ended, { hurry: stop.requested });
    return { ...end, isOver: isOfJob(last) };
  }
  if (end.kind !== "cancelled") return end;
  const graceMs = end.by === "SIGPIPE" ? PIPE_GRACE_MS : Math.min(CANCEL_GRACE_MS, plan.cancelTimeoutMs / 2);
  const last = await stopCommand(exec, ended, { signal: STOP_NUMBERS[end.by], graceMs, hurry: stop.insisted });
  return { ...end, isOver: isOfJob(last) };
}

/**
 * Whether the job has started. The agent says so before it starts it, and goes on only when that has left the guest: who
 * has heard all that it said knows. A VM that is over without it is taken down, so that its last word can be told.
 */
async function hasStarted(begun: Promise<void>, account: Promise<Account>, vm: RunningVm): Promise<boolean> {
  if (!await settlesWithin(account, 0)) {
    if (await settlesWithin(begun, 0)) return true;
    vm.kill();
    if (!await settlesWithin(account, KILL_MS)) return true;
  }
  const { started } = await account;
  return typeof started === "boolean" ? started : await started();
}

/** Whether the agent has seen the job end. */
function isOfJob(end: End | undefined): boolean {
  return end?.kind === "exited" || end?.kind === "refused";
}

/** The end of a job that runs too long, counted from its start. */
function timeoutAfter(started: Promise<void>, timeoutMs: number | undefined): { end: Promise<End> } & Disposable {
  const { promise, resolve } = Promise.withResolvers<End>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let over = false;
  if (timeoutMs !== undefined) {
    const reason = `the job was still running after ${formatMillis(timeoutMs)}`;
    void started.then(() => {
      if (!over) timer = setTimeout(() => resolve({ kind: "timed-out", reason, isOver: false }), timeoutMs);
    });
  }
  return {
    end: promise,
    [Symbol.dispose]: () => {
      over = true;
      clearTimeout(timer);
    },
  };
}

/**
 * Tells what runs in the guest to end, and then does not ask any more. What it prints meanwhile still counts.
 *
 * @param ended what the agent is going to say of its end; nobody else may listen to that.
 * @param how which signal, how long until KILL, and what makes that come at once.
 * @returns that; undefined when the agent has not said it in time.
 */
export async function stopCommand<T>(
  exec: Pick<Exec, "signal">,
  ended: Promise<T>,
  how: { readonly signal?: number; readonly graceMs?: number; readonly hurry: AbortSignal },
): Promise<T | undefined> {
  const { signal = SIGTERM, graceMs = TIMEOUT_GRACE_MS, hurry } = how;
  try {
    // An agent that does not read gets no longer for it.
    void exec.signal(signal).catch(() => {});
    if (await settlesWithin(ended, graceMs, hurry)) return await ended;
    void exec.signal(SIGKILL).catch(() => {});
    return await settlesWithin(ended, KILL_MS) ? await ended : undefined;
  } catch {
    // An agent that is gone can't stop anything; the VM's end will.
    return undefined;
  }
}
