/**
 * The agent's account of a job: what it says of it from exec to its end, and what its silence means.
 *
 * @module
 */

import { DeadlineError, settlesWithin, within } from "../base/deadline.ts";
import { BerthError, describeError } from "../base/errors.ts";
import type { AgentMessage } from "../guest/protocol.ts";
import type { Exec } from "../machine/exec.ts";
import type { Machine } from "../machine/machine.ts";
import type { JobPlan } from "./plan.ts";
import { type End, infra } from "./verdict.ts";

/** How long the agent may take to report a job that was killed. */
export const KILL_MS = 1000;
/** How long a VM whose agent hung up may take to end, before it counts as running without its agent. */
const LAST_BREATH_MS = 2000;

/** What a job sees of its VM. */
export type RunningVm = Machine["vm"];

/** What the agent says of it. `started` may be still to be found out, which costs the VM. */
export interface Account {
  readonly end: End;
  readonly started: boolean | (() => Promise<boolean>);
}

/** The agent's account of the job. Never rejects. */
export async function converse(
  plan: JobPlan,
  exec: Pick<Exec, "next">,
  vm: RunningVm,
  { onStarted, onLost }: { readonly onStarted: () => void; readonly onLost: () => void },
): Promise<Account> {
  const begun = exec.next();
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
    const last = await exec.next();
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
async function startsLate(begun: Promise<AgentMessage>, vm: RunningVm): Promise<boolean> {
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
export async function endOfLost(vm: RunningVm, error: unknown): Promise<End> {
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
