/**
 * From exec to the job's end, whoever causes it.
 *
 * @module
 */

import { aborted, DeadlineError, settlesWithin, within } from "../base/deadline.ts";
import { BerthError, describeError } from "../base/errors.ts";
import { formatMillis } from "../base/units.ts";
import type { GuestVolume } from "../guest/fragment.ts";
import type { AgentMessage } from "../guest/protocol.ts";
import type { Session } from "../guest/session.ts";
import type { Vm } from "../vmm/vmm.ts";
import type { EvidenceLog } from "./evidence.ts";
import type { JobPlan } from "./plan.ts";
import type { OnPoint } from "./points.ts";
import { STOP_NUMBERS, type StopRequest } from "./stop.ts";
import { type End, infra } from "./verdict.ts";

/** From a timeout's TERM to its KILL. */
const TIMEOUT_GRACE_MS = 5000;
/** From a cancellation's signal to its KILL, or half of the time that a cancelled job has, if that is less. */
const CANCEL_GRACE_MS = 5000;
/** The same for a job that nobody listens to. */
const PIPE_GRACE_MS = 1200;
/** How long the agent may take to report a job that was killed. */
const KILL_MS = 1000;
/** How long a VM whose agent hung up may take to end, before it counts as running without its agent. */
const LAST_BREATH_MS = 2000;

const SIGTERM = 15;
const SIGKILL = 9;

/** What a job's act is connected to. */
export interface ActIo {
  readonly stop: StopRequest;
  readonly evidence: EvidenceLog;
  readonly onPoint: OnPoint;
}

/** What came of it. */
export interface Acted {
  readonly end: End;
  /** Whether the job has started. Where nobody can say, it counts as started: it is not to be run twice by mistake. */
  readonly started: boolean;
}

/** What the agent says of it. `started` may be still to be found out, which costs the VM. */
interface Account {
  readonly end: End;
  readonly started: boolean | (() => Promise<boolean>);
}

/** Runs the job in a VM that waits for it. */
export async function act(
  plan: JobPlan,
  volumes: readonly GuestVolume[],
  vm: Vm,
  session: Session,
  { stop, evidence, onPoint }: ActIo,
): Promise<Acted> {
  const started = Promise.withResolvers<void>();
  onPoint("exec");
  const onStarted = () => {
    onPoint("started");
    started.resolve();
  };
  using timeout = timeoutAfter(started.promise, plan.timeoutMs);
  // What was lost before its time was up has not timed out, although it takes a while to see what became of it.
  const account = converse(plan, volumes, vm, session, { onStarted, onLost: () => timeout[Symbol.dispose]() });
  const ended = account.then(({ end }) => end);
  const acted = async (end: End) => ({ end, started: await hasStarted(started.promise, account, vm) });
  using cancelled = aborted(stop.requested);
  const end = await Promise.race<End>([
    ended,
    vm.exited.then((exit) => ({ kind: "vm-ended", exit })),
    vm.paused.then((pause) => ({ kind: "vm-paused", pause })),
    timeout.end,
    cancelled.promise.then(() => ({ kind: "cancelled", by: stop.reason!, isOver: false })),
  ]);
  onPoint("ended");
  if (end.kind === "boot-failed") evidence.note("berth", end.reason);
  if (end.kind === "timed-out") {
    evidence.note(
      "berth",
      `${end.reason}; it was told to end (TERM, and KILL after ${formatMillis(TIMEOUT_GRACE_MS)})`,
    );
    const last = await stopJob(session, ended, { hurry: stop.requested });
    return await acted({ ...end, isOver: isOfJob(last) });
  }
  if (end.kind === "cancelled") {
    const graceMs = end.by === "SIGPIPE" ? PIPE_GRACE_MS : Math.min(CANCEL_GRACE_MS, plan.cancelTimeoutMs / 2);
    const last = await stopJob(session, ended, { signal: STOP_NUMBERS[end.by], graceMs, hurry: stop.insisted });
    return await acted({ ...end, isOver: isOfJob(last) });
  }
  return await acted(end);
}

/**
 * Whether the job has started. The agent says so before it starts it, and goes on only when that has left the guest: who
 * has heard all that it said knows. A VM that is over without it is taken down, so that its last word can be told.
 */
async function hasStarted(begun: Promise<void>, account: Promise<Account>, vm: Vm): Promise<boolean> {
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
 * @param ended what the agent is going to say of its end; nobody else may listen to the session.
 * @param how which signal, how long until KILL, and what makes that come at once.
 * @returns that; undefined when the agent has not said it in time.
 */
export async function stopJob<T>(
  session: Session,
  ended: Promise<T>,
  how: { readonly signal?: number; readonly graceMs?: number; readonly hurry: AbortSignal },
): Promise<T | undefined> {
  const { signal = SIGTERM, graceMs = TIMEOUT_GRACE_MS, hurry } = how;
  try {
    // An agent that does not read gets no longer for it.
    void session.signal(signal).catch(() => {});
    if (await settlesWithin(ended, graceMs, hurry)) return await ended;
    void session.signal(SIGKILL).catch(() => {});
    return await settlesWithin(ended, KILL_MS) ? await ended : undefined;
  } catch {
    // An agent that is gone can't stop anything; the VM's end will.
    return undefined;
  }
}

/** The agent's account of the job. Never rejects. */
async function converse(
  plan: JobPlan,
  volumes: readonly GuestVolume[],
  vm: Vm,
  session: Session,
  { onStarted, onLost }: { readonly onStarted: () => void; readonly onLost: () => void },
): Promise<Account> {
  const begun = session.exec({ ...plan.exec, volumes, clockSeconds: Math.round(Date.now() / 1000) })
    .then(() => session.next());
  let started = false;
  try {
    // What the guest does before it starts the job is a part of its boot.
    const first = await within(begun, plan.bootTimeoutMs, "the guest to start the job");
    // Until then there can be reasons why it can't be started; from then on there are only ends.
    if (first.kind === "error") return { end: infra(explain(plan, first.text)), started };
    if (first.kind === "refused") return { end: refused(plan, first), started };
    // Who breaks the protocol is not to be believed in what it has not said either.
    if (first.kind !== "started") return { end: unasked(first), started: true };
    started = true;
    onStarted();
    const last = await session.next();
    if (last.kind === "exited") return { end: last, started };
    return last.kind === "refused" ? { end: refused(plan, last), started: false } : { end: unasked(last), started };
  } catch (error) {
    if (error instanceof DeadlineError) {
      return { end: { kind: "boot-failed", reason: error.message }, started: () => startsLate(begun, vm) };
    }
    onLost();
    return { end: await endOfLost(vm, error), started: started || isBroken(error) };
  }
}

/** Whether a job was started after all when nobody waited for it any more: its VM goes, and its last word is heard. */
async function startsLate(begun: Promise<AgentMessage>, vm: Vm): Promise<boolean> {
  vm.kill();
  try {
    const { kind } = await within(begun, KILL_MS, "the guest's last word");
    return kind !== "error" && kind !== "refused";
  } catch (error) {
    return error instanceof DeadlineError || isBroken(error);
  }
}

function isBroken(error: unknown): boolean {
  return error instanceof BerthError && error.code === "guest.protocol";
}

/** What the end of an agent's connection means: it ends with its VM, and then the VM's end is what there is to tell. */
export async function endOfLost(vm: Vm, error: unknown): Promise<End> {
  // What becomes of the VM of an agent that is not to be trusted any more is a consequence, or another lie.
  if (!isBroken(error) && await settlesWithin(vm.exited, LAST_BREATH_MS)) {
    return { kind: "vm-ended", exit: await vm.exited };
  }
  return { kind: "agent-lost", reason: describeError(error) };
}

function refused({ exec }: JobPlan, { status, why }: Extract<AgentMessage, { kind: "refused" }>): End {
  if (status === 125) return infra(noWorkdir(exec, "it can't be entered"));
  return { kind: "refused", status, command: exec.argv[0], ...(why ? { why } : {}) };
}

/** It may be the image's as well as the user's. */
function noWorkdir({ workdir }: JobPlan["exec"], why: string): BerthError {
  return new BerthError("job.workdir", `the working directory ${workdir} in the guest: ${why}`);
}

/** An agent that says what it can't say then is not to be believed in anything. */
function unasked({ kind }: AgentMessage): End {
  return { kind: "agent-lost", reason: `the guest's agent said "${kind}" when it was asked to run the job` };
}

/** What the agent could not do. A volume that it could not mount it calls by its serial. */
function explain({ disks, exec }: JobPlan, text: string): BerthError {
  if (text.startsWith("user ")) return new BerthError("job.user", text);
  if (text.startsWith("workdir ")) return noWorkdir(exec, text.slice(text.lastIndexOf(": ") + 2));
  const [, serial, words] = /^volume ([a-z0-9]+): (.*)$/s.exec(text) ?? [];
  const disk = disks.find((one) => one.serial === serial);
  // Without a mount point it is a part of the root, which is none of the user's volumes.
  if (!disk?.mountPoint) return new BerthError("guest.setup", text);
  if (disk.source?.kind === "cache") {
    return new BerthError("cache.broken", `the cache ${disk.source.name} can't be mounted in the guest: ${words}`);
  }
  return new BerthError("job.volume", `the volume for ${disk.mountPoint} can't be mounted in the guest: ${words}`);
}
