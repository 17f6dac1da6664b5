/**
 * What stands beside a job's folder, for others: who owns it, and what it has of the host.
 *
 *     jobs/ID          the folder
 *     jobs/ID.owner    its owner's lock, and lines of JSON
 *     jobs/ID.cgroup   the path of the VM's cgroup, as a line; it may not be there yet
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { basename } from "@std/path";
import * as z from "zod";
import { BerthError, ignoreNotFound } from "../base/errors.ts";
import { closeLocked } from "../files/locked_file.ts";
import { tryLock } from "../files/try_lock.ts";

/** Beside the folder: its owner's lock, and what {@linkcode parseOwner} reads. */
export const OWNER = ".owner";
/** Beside the folder: the path of the VM's cgroup, for the shell that opens windows. */
export const CGROUP = ".cgroup";

/** What others need to know of a job that runs. */
export type JobRecord = Readonly<z.infer<typeof RECORD>>;

const RECORD = z.object({
  driver: z.enum(["cgroupfs", "systemd"]),
  /** The path of the cgroup that has the VM's limits, as the host sees it. */
  cgroup: z.string(),
  /** The unit of systemd, when that is the driver. */
  unit: z.optional(z.string()),
  /** The boot of the host that it is from: no group outlives that. */
  bootId: z.string(),
  guestMemoryBytes: z.number(),
  /** What `memory.max` has beside the guest's memory. */
  memoryOverheadBytes: z.number(),
});

/** A group that is about to be made. */
export type PlannedGroup = Readonly<z.infer<typeof PLANNED>>;

const PLANNED = z.object({ cgroup: z.string(), bootId: z.string() });

/** The group of a job whose owner is gone. */
export interface RecordedOrphan extends PlannedGroup {
  readonly driver: JobRecord["driver"];
  /** Whether the owner has noted that it made it. If not, it may not be there, and nothing has run in it. */
  readonly isMade: boolean;
}

/**
 * What stands in an owner's file: lines of JSON, each with some of the fields; the image first, as it is known at once.
 * A line that was cut off does not count.
 */
export function parseOwner(text: string): Readonly<Record<string, unknown>> {
  return Object.assign({}, ...text.split("\n").slice(0, -1).map((line) => JSON.parse(line)));
}

/** The group that an owner has noted, if any. @throws when another version of berth has written it. */
export function parseGroup(text: string): RecordedOrphan | undefined {
  const fields = parseOwner(text);
  if ("cgroup" in fields) return { ...RECORD.parse(fields), isMade: true };
  if ("planned" in fields) return { ...PLANNED.parse(fields.planned), driver: "cgroupfs", isMade: false };
}

/**
 * The record of a job that runs.
 *
 * @throws {BerthError} `job.unknown` when there is no such job, or no more, or none yet.
 */
export async function readRecord(path: string): Promise<JobRecord> {
  const id = basename(path);
  using stack = new DisposableStack();
  const owner = await Deno.open(path + OWNER, { read: true, write: true }).catch(ignoreNotFound);
  if (!owner) throw new BerthError("job.unknown", `there is no job ${id}`);
  const isOver = tryLock(stack.adopt(owner, closeLocked), { exclusive: true });
  const text = isOver ? undefined : await Deno.readTextFile(path + OWNER).catch(ignoreNotFound);
  if (text === undefined) throw new BerthError("job.unknown", `the job ${id} is over`);
  const fields = parseOwner(text);
  if (!("cgroup" in fields)) throw new BerthError("job.unknown", `the job ${id} has no VM, or none with limits`);
  const record = RECORD.safeParse(fields);
  if (record.success) return record.data;
  throw new BerthError("job.unknown", `the job ${id} was started by another version of berth`);
}
