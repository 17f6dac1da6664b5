/**
 * Delivers a job's output while it runs, and what is left of it when it is over.
 *
 * @module
 */

import { aborted, settlesWithin } from "../../base/deadline.ts";
import { describeError } from "../../base/errors.ts";
import { type DiskWatch, holdsAllBytes } from "../../disk/watch.ts";
import { holePuncher } from "../../files/punch.ts";
import { isFull } from "../disk_full.ts";
import type { GuestOutput } from "../../guest/link.ts";
import type { Tell } from "../../machine/events.ts";
import { OutputFollower } from "./follower.ts";
import { isGone, type Sink } from "./source.ts";
import type { JobPlan } from "../plan.ts";
import type { StopRequest } from "../stop.ts";
import { HASTY_MS } from "../wind_down.ts";

/** How long a job's reader may take what is there at the floor of the disk: less than others wait for it. */
const FLOOR_MS = 2000;

/** Where a job's output goes, and who is told when it can't. */
export interface OutputIo {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly stop: StopRequest;
  readonly tell: Tell;
}

/** Begins to deliver what a VM is going to write. */
export async function followOutput(
  plan: JobPlan,
  link: GuestOutput,
  io: OutputIo,
): Promise<OutputFollower> {
  const { folder } = plan.vm;
  const sources = (["stdout", "stderr"] as const).map((stream) =>
    [link[stream].file, io[stream], holePuncher(link[stream].file, link[stream].path)] as const
  );
  // A reader that has gone does not want the rest. A stream that can't be written is no reason to end a job half-way.
  const onBroken = (error: unknown) => {
    if (isGone(error)) return io.stop.stop("SIGPIPE");
    io.tell({ kind: "note", text: `the job's output can't be written any more: ${describeError(error)}` });
  };
  const options = { limitBytes: plan.logLimitBytes, holdsAll: await holdsAllBytes(folder) };
  return new OutputFollower(folder, sources, onBroken, options);
}

/**
 * Waits until everything that the job has printed is delivered, but not for a reader when somebody wants to go, nor when
 * others need its place on the disk.
 */
export async function deliverOutput(
  follower: OutputFollower,
  stopped: AbortSignal,
  { signal }: DiskWatch,
): Promise<void> {
  const finished = follower.finish();
  using stopping = aborted(stopped);
  using ending = aborted(signal);
  await Promise.race<unknown>([
    finished,
    stopping.promise.then(() => settlesWithin(finished, HASTY_MS)),
    ending.promise.then(async () => isFull(signal.reason) ? await settlesWithin(finished, FLOOR_MS) : await finished),
  ]);
}
