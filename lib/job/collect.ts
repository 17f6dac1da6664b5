/**
 * Takes what is to be kept out of a job's guest, while the guest still runs: artifacts, and what caches have in memory.
 *
 * @module
 */

import { aborted, within } from "../base/deadline.ts";
import { BerthError } from "../base/errors.ts";
import { reportEvery } from "../base/progress.ts";
import { formatBytes } from "../base/units.ts";
import { unpackArtifacts } from "../guest/artifacts.ts";
import type { AgentMessage } from "../guest/protocol.ts";
import type { Session } from "../guest/session.ts";
import type { JobPlan } from "./plan.ts";
import type { End } from "./verdict.ts";

/** How long the guest may take to hand its artifacts over. */
const COLLECT_MS = 300_000;

/** How long it may take to write what its caches still have in memory. */
const FLUSH_MS = 120_000;

/** What can end the wait for the guest. */
export interface Interruptions {
  readonly signal: AbortSignal;
  /** Rejects when the host can't go on, as with a full disk. */
  readonly hostFailure: Promise<never>;
}

/** What the collection is connected to. */
export interface CollectIo extends Interruptions {
  /** The file that the guest writes its archive into. */
  readonly archive: Deno.FsFile;
  readonly onLeftOut: (what: string) => void;
  /** Told every 2 s how far it is. */
  readonly onProgress: (line: string) => void;
}

/** Whether artifacts are copied out after such an end. Pure. */
export function wantsArtifacts({ artifacts, artifactOn }: JobPlan, end: End): boolean {
  if (artifacts.length === 0) return false;
  // After a timeout only if the agent has taken notice of the job's end; else there is nobody to ask.
  const hasEnded = end.kind === "exited" || (end.kind === "timed-out" && end.isOver);
  const succeeded = end.kind === "exited" && end.code === 0;
  return hasEnded && (artifactOn === "always" || (artifactOn === "success") === succeeded);
}

/** Copies out what is there. @throws {BerthError} `job.artifact` when one is not, or can't be written. */
export async function collectArtifacts(plan: JobPlan, session: Session, io: CollectIo): Promise<void> {
  const guests = plan.artifacts.map(({ guest }) => guest);
  await session.collect(guests);
  const missing = await awaitArchive(session, io);
  if (missing.size < guests.length) {
    await unpackArtifacts({ ...io, targets: plan.artifacts, jailed: plan.vm.jailed });
  }
  if (missing.size === 0) return;
  const flags = [...missing].map((index) => `--artifact ${guests[index]}`).join(", ");
  throw new BerthError("job.artifact", `${flags}: the job has ended, and there is no such file or folder`);
}

/** Waits until the archive is whole, and returns the numbers of the artifacts that are not in it. */
async function awaitArchive(session: Session, io: CollectIo): Promise<Set<number>> {
  const missing = new Set<number>();
  const read = async () => `artifacts: ${formatBytes((await io.archive.stat()).size)} handed over by the guest`;
  using _progress = reportEvery(read, io.onProgress);
  while (true) {
    const answer = await answerOf(session, io, COLLECT_MS, "the guest to hand its artifacts over");
    if (answer.kind === "collected") return missing;
    if (answer.kind === "error") throw new BerthError("job.artifact", answer.text);
    if (answer.kind !== "missing" || missing.has(answer.index)) {
      throw new BerthError("guest.protocol", `asked for artifacts, the guest's agent said "${answer.kind}"`);
    }
    missing.add(answer.index);
  }
}

/** Returns when everything that the job wrote into its caches is on their disks. */
export async function flushCaches(session: Session, interruptions: Interruptions): Promise<void> {
  await session.flush();
  const answer = await answerOf(session, interruptions, FLUSH_MS, "the guest to write its caches");
  if (answer.kind === "flushed") return;
  const words = answer.kind === "error" ? answer.text : `the guest's agent said "${answer.kind}"`;
  throw new BerthError("guest.protocol", words);
}

async function answerOf(
  session: Session,
  { signal, hostFailure }: Interruptions,
  timeoutMs: number,
  what: string,
): Promise<AgentMessage> {
  using stopped = aborted(signal);
  const cancelled = stopped.promise.then((): never => {
    throw signal.reason;
  });
  return await within(Promise.race([session.next(), cancelled, hostFailure]), timeoutMs, what);
}
