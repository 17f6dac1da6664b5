/**
 * Takes what is to be kept out of a job's guest, while the guest still runs: artifacts, and what caches have in memory.
 *
 * @module
 */

import { DeadlineError, orAborted, within } from "../base/deadline.ts";
import { BerthError } from "../base/errors.ts";
import { reportEvery } from "../base/progress.ts";
import { formatBytes } from "../base/units.ts";
import { watchRoom } from "../disk/watch.ts";
import { type ArtifactTarget, unpackArtifacts } from "../guest/artifacts.ts";
import { ROOT } from "../host/windows.ts";
import type { Machine } from "../machine/machine.ts";
import { writeFilters } from "../process/tool_jail.ts";
import type { JobPlan } from "./plan.ts";
import { type End, hasSucceeded } from "./verdict.ts";

/** How long the guest may take to hand its artifacts over. */
const COLLECT_MS = 300_000;

/** How long it may take to write what its caches still have in memory. */
const FLUSH_MS = 120_000;

/** Whom the guest is asked by. */
type Agent = Machine["session"];

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
export async function collectArtifacts(plan: JobPlan, session: Agent, io: CollectIo): Promise<void> {
  const guests = plan.artifacts.map(({ guest }) => guest);
  await session.collect(guests);
  const { missing, left } = await awaitArchive(guests.length, session, io);
  for (const text of left) io.onLeftOut(describeLeft(text, guests));
  if (missing.size < guests.length) {
    // What a guest adds to it from now on is none of it.
    const { size: sizeBytes } = await io.archive.stat();
    using room = await watchRoom(plan.artifacts.map(({ folder }) => folder), plan.minFreeBytes);
    const signal = AbortSignal.any([io.signal, room.signal]);
    const { jail: vmJail } = plan.vm;
    const jail = vmJail && { user: vmJail.user, filters: await writeFilters(ROOT) };
    const targets = await Promise.all(plan.artifacts.map(withOwner));
    await unpackArtifacts({ ...io, signal, sizeBytes, targets, jail }).catch(sayLate);
  }
  if (missing.size === 0) return;
  const named = [...missing].map((index) => `the artifact ${guests[index]}`).join(", ");
  throw new BerthError("job.artifact", `${named}: the job has ended, and there is no such file or folder`);
}

/** An archive that takes too long to unpack is no guest that is lost. */
function sayLate(error: unknown): never {
  if (!(error instanceof DeadlineError)) throw error;
  throw new BerthError("job.artifact", `the artifacts are not out in time: ${error.message}`, { cause: error });
}

async function withOwner(target: ArtifactTarget): Promise<ArtifactTarget> {
  const { uid, gid } = await Deno.stat(target.folder);
  return uid === null || gid === null ? target : { ...target, owner: { user: uid, group: gid } };
}

/** What is not in the archive, as the guest has said it. */
interface Lacking {
  /** The numbers of artifacts that are not there. */
  readonly missing: ReadonlySet<number>;
  /** What the guest's tar says of other things. */
  readonly left: readonly string[];
}

/** The agent names so many, and then how many more there are. */
const MOST_LEFT = 21;

/** Waits until the archive is whole. */
async function awaitArchive(count: number, session: Agent, io: CollectIo): Promise<Lacking> {
  const read = async () => `artifacts: ${formatBytes((await io.archive.stat()).size)} handed over by the guest`;
  using _progress = reportEvery(read, io.onProgress);
  const answers = within(hearAnswers(count, session), COLLECT_MS, "the guest to hand its artifacts over");
  return await orAborted(answers, io.signal);
}

async function hearAnswers(count: number, session: Agent): Promise<Lacking> {
  const missing = new Set<number>();
  const left: string[] = [];
  while (true) {
    const answer = await session.next();
    if (answer.kind === "collected") return { missing, left };
    if (answer.kind === "error") throw new BerthError("job.artifact", answer.text);
    if (answer.kind === "left" && left.length < MOST_LEFT) {
      left.push(answer.text);
      continue;
    }
    if (answer.kind !== "missing" || answer.index >= count || missing.has(answer.index)) {
      throw new BerthError("guest.protocol", `asked for artifacts, the guest's agent said "${answer.kind}"`);
    }
    missing.add(answer.index);
  }
}

/** `tar: 0/sock: socket ignored` in berth's words. Pure. @param guests the artifacts, by their number. */
export function describeLeft(text: string, guests: readonly string[]): string {
  const match = /^tar: (\d{1,3})(?:\/(.*)|(: .*))$/.exec(text);
  const name = match && Number(match[1]) < guests.length ? match[2] ?? `${guests[Number(match[1])]}${match[3]}` : text;
  return name.replace(/: socket ignored$/, ": it is a socket");
}

/** Returns when everything that the job wrote into its caches is on their disks. */
export async function flushCaches(session: Agent, signal: AbortSignal): Promise<void> {
  await session.flush();
  const answer = await orAborted(within(session.next(), FLUSH_MS, "the guest to write its caches"), signal);
  if (answer.kind === "flushed") return;
  const words = answer.kind === "error" ? answer.text : `the guest's agent said "${answer.kind}"`;
  throw new BerthError("guest.protocol", words);
}
