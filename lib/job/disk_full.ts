/**
 * Ends that look like a guest's, its VMM's or the job's, and are a disk's of the host.
 *
 * @module
 */

import { orAborted } from "../base/deadline.ts";
import { BerthError, describeError, ERRORS } from "../base/errors.ts";
import type { DiskWatch } from "../disk/watch.ts";
import type { Tell } from "../machine/events.ts";
import type { Delivery } from "./output/source.ts";
import { type End, hasSucceeded, infra } from "./verdict.ts";

/** Ends of a VM, not of its job. */
const BROKEN_OFF: readonly End["kind"][] = ["boot-failed", "vm-ended", "vm-paused", "agent-lost"];

/**
 * Which ends can be the disk's in each phase. After a run its last words may not have found their place any more; what
 * the guest still had to hand over may not have found any.
 */
const OF_DISK = {
  run: [...BROKEN_OFF, "exited", "refused"],
  "wind-down": [...BROKEN_OFF, "infra"],
} as const satisfies Readonly<Record<string, readonly End["kind"][]>>;

/** What ended where the host's disk is full or read-only, or the job's budget is spent, ended for that reason. */
export async function blameDisk(
  { signal, look }: DiskWatch,
  end: End,
  tell: Tell,
  phase: keyof typeof OF_DISK,
): Promise<End> {
  await look();
  const kinds: readonly End["kind"][] = OF_DISK[phase];
  if (!signal.aborted || !kinds.includes(end.kind)) return end;
  return endByDisk(signal.reason, tell);
}

function endByDisk(reason: unknown, tell: Tell): End {
  tell({ kind: "seen", source: "berth", what: describeError(reason) });
  const isOver = reason instanceof BerthError && reason.code === "job.disk";
  return isOver ? { kind: "over-disk", reason: reason.message } : infra(reason);
}

/**
 * The end of a job that does not begin, as its disk is full or broken by now; undefined where it is not. A look behind
 * its end could not tell any more whether the job had begun, but by luck.
 *
 * @param stop ends the wait for others that go first.
 * @throws the reason of `stop`.
 */
export async function diskBefore(
  { signal, look }: Pick<DiskWatch, "signal" | "look">,
  stop: AbortSignal,
  tell: Tell,
): Promise<End | undefined> {
  await orAborted(look(), stop);
  return signal.aborted ? endByDisk(signal.reason, tell) : undefined;
}

/** Whether a watch has ended because of the disk itself, and not of what one job has on it. */
export function isFull(error: unknown): boolean {
  return error instanceof BerthError && error.code === "host.disk-full";
}

/** A success whose output was not delivered is none: whoever reads it would take it for the whole. */
export function blameOutput(end: End, output: readonly Delivery[], limitBytes = Infinity): End {
  if (!hasSucceeded(end)) return end;
  const lost = output.flatMap((delivery, index) => {
    const { bytes, missingBytes, hollow, gone, error } = delivery;
    if (missingBytes === 0 || hollow || gone || bytes === limitBytes) return [];
    return [`${["stdout", "stderr"][index]}: ${error ?? "nobody took it in time"}`];
  });
  if (lost.length === 0) return end;
  const reason = `the job exited with status 0, and its output was not delivered whole (${lost.join("; ")})`;
  return { kind: "infra", reason, code: "job.output", hint: ERRORS["job.output"], exitCode: 0 };
}
