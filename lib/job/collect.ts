/**
 * Takes what is to be kept out of a job's guest, while the guest still runs: artifacts, and what caches have in memory.
 *
 * @module
 */

import { DeadlineError, orAborted, within } from "../base/deadline.ts";
import { BerthError } from "../base/errors.ts";
import { reportEvery } from "../base/progress.ts";
import { formatBytes } from "../base/units.ts";
import { watchRoom } from "../host/disk.ts";
import { unpackArtifacts } from "../guest/artifacts.ts";
import type { Session } from "../guest/session.ts";
import type { JobPlan } from "./plan.ts";
import { type End, hasSucceeded } from "./verdict.ts";

/** How long the guest may take to hand its artifacts over. */
const COLLECT_MS = 300_000;

/** How long it may take to write what its caches still have in memory. */
const FLUSH_MS = 120_000;

/** What the collection is connected to. */
export interface CollectIo {
  /** The file that the guest writes its archive into. */
  readonly archive: Deno.FsFile;
  readonly onLeftOut: (what: string) => void;
  /** Told every 2 s how far it is. */
  readonly onProgress: (line: string) => void;
  /** Ends it, with the signal's reason. */
  readonly signal: AbortSignal;
}

/** Whether artifacts are copied out after such an end, or would be if there were somebody to ask. Pure. */
export function wantsArtifacts({ artifacts, artifactOn }: JobPlan, end: End): boolean {
  const isEnd = end.kind === "cancelled" ? end.by !== "SIGPIPE" : ["exited", "refused", "timed-out"].includes(end.kind);
  if (artifacts.length === 0 || !isEnd) return false;
  return artifactOn === "always" || (artifactOn === "success") === hasSucceeded(end);
}

/** Copies out what is there. @throws {BerthError} `job.artifact` when one is not, or can't be written. */
export async function collectArtifacts(plan: JobPlan, session: Session, io: CollectIo): Promise<void> {
  const guests = plan.artifacts.map(({ guest }) => guest);
  await session.collect(guests);
  const missing = await awaitArchive(guests.length, session, io);
  if (missing.size < guests.length) {
    // What a guest adds to it from now on is none of it.
    const { size: sizeBytes } = await io.archive.stat();
    using room = await watchRoom(plan.artifacts.map(({ folder }) => folder), plan.minFreeBytes);
    const signal = AbortSignal.any([io.signal, room.signal]);
    const jailed = plan.vm.jail !== undefined;
    await unpackArtifacts({ ...io, signal, sizeBytes, targets: plan.artifacts, jailed }).catch(sayLate);
  }
  if (missing.size === 0) return;
  const flags = [...missing].map((index) => `--artifact ${guests[index]}`).join(", ");
  throw new BerthError("job.artifact", `${flags}: the job has ended, and there is no such file or folder`);
}

/** An archive that takes too long to unpack is no guest that is lost. */
function sayLate(error: unknown): never {
  if (!(error instanceof DeadlineError)) throw error;
  throw new BerthError("job.artifact", `the artifacts are not out in time: ${error.message}`, { cause: error });
}

/** Waits until the archive is whole, and returns the numbers of the artifacts that are not in it. */
async function awaitArchive(count: number, session: Session, io: CollectIo): Promise<ReadonlySet<number>> {
  const read = async () => `artifacts: ${formatBytes((await io.archive.stat()).size)} handed over by the guest`;
  using _progress = reportEvery(read, io.onProgress);
  const answers = within(hearAnswers(count, session), COLLECT_MS, "the guest to hand its artifacts over");
  return await orAborted(answers, io.signal);
}

async function hearAnswers(count: number, session: Session): Promise<ReadonlySet<number>> {
  const missing = new Set<number>();
  while (true) {
    const answer = await session.next();
    if (answer.kind === "collected") return missing;
    if (answer.kind === "error") throw new BerthError("job.artifact", answer.text);
    if (answer.kind !== "missing" || answer.index >= count || missing.has(answer.index)) {
      throw new BerthError("guest.protocol", `asked for artifacts, the guest's agent said "${answer.kind}"`);
    }
    missing.add(answer.index);
  }
}

/** Returns when everything that the job wrote into its caches is on their disks. */
export async function flushCaches(session: Session, signal: AbortSignal): Promise<void> {
  await session.flush();
  const answer = await orAborted(within(session.next(), FLUSH_MS, "the guest to write its caches"), signal);
  if (answer.kind === "flushed") return;
  const words = answer.kind === "error" ? answer.text : `the guest's agent said "${answer.kind}"`;
  throw new BerthError("guest.protocol", words);
}
