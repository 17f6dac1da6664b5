/**
 * The folder of a job: everything the job has on the host's disk.
 *
 * A lock on the file beside it says that its owner lives, and the kernel takes the lock back however the owner ends. So
 * what a killed berth has left is known for certain, and the next one removes it. The file is not in the folder, which
 * the VMM may write.
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { basename, dirname } from "@std/path";
import { z } from "zod";
import { BerthError, ignoreNotFound } from "../base/errors.ts";
import { closeLocked } from "../base/locked_file.ts";
import { writeAll } from "../base/write_all.ts";

/** Beside the folder: its owner's lock, and what {@linkcode parseOwner} reads. */
export const OWNER = ".owner";
/** Beside the folder: the path of the VM's cgroup, as a line. */
const CGROUP = ".cgroup";

/** A job's folder. Disposing removes it. */
export interface JobFolder extends AsyncDisposable {
  /** Notes what the job has beside its folder, for others: see {@linkcode readRecord}. */
  record(record: JobRecord): Promise<void>;
}

/** What others need to know of a job that runs. */
export type JobRecord = Readonly<z.infer<typeof RECORD>>;

const RECORD = z.object({
  driver: z.enum(["cgroupfs", "systemd"]),
  /** The path of the cgroup that has the VM's limits, as the host sees it. */
  cgroup: z.string(),
  /** The unit of systemd, when that is the driver. */
  unit: z.string().optional(),
  /** The boot of the host that it is from: no group outlives that. */
  bootId: z.string(),
  guestMemoryBytes: z.number(),
  /** What `memory.max` has beside the guest's memory. */
  memoryOverheadBytes: z.number(),
});

/**
 * What stands in an owner's file: lines of JSON, each with some of the fields; the image first, as it is known at once.
 * A line that was cut off does not count.
 */
export function parseOwner(text: string): Readonly<Record<string, unknown>> {
  return Object.assign({}, ...text.split("\n").slice(0, -1).map((line) => JSON.parse(line)));
}

/**
 * Creates a job's folder, after removing those whose owner is gone.
 *
 * @param image what the job runs on, for others: see running.ts.
 * @param endAbandoned ends what such a job has beside its folder. If it can't, the folder stays, for the next to try.
 */
export async function createJobFolder(
  path: string,
  image: string,
  endAbandoned: (record: JobRecord) => Promise<void> = async () => {},
): Promise<JobFolder> {
  const jobs = dirname(path);
  await Deno.mkdir(jobs, { recursive: true, mode: 0o700 });
  // One at a time: no owner's file is there without its lock for anybody who looks.
  using gate = await Deno.open(`${jobs}/.lock`, { create: true, write: true });
  await gate.lock(true);
  await removeAbandoned(jobs, endAbandoned);
  const owner = await Deno.open(path + OWNER, { createNew: true, write: true });
  await owner.lock(true);
  const note = (fields: object) => writeAll(owner, new TextEncoder().encode(JSON.stringify(fields) + "\n"));
  const folder: JobFolder = {
    async record(record) {
      await Deno.writeTextFile(path + CGROUP, `${record.cgroup}\n`, { createNew: true });
      await note(record);
    },
    async [Symbol.asyncDispose]() {
      using stack = new DisposableStack();
      stack.adopt(owner, closeLocked);
      await removeFolder(path);
    },
  };
  try {
    await note({ image });
    await Deno.mkdir(path, { mode: 0o700 });
    return folder;
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * The record of a job that runs.
 *
 * @throws {BerthError} `job.unknown` when there is no such job, or no more, or none yet.
 */
export async function readRecord(path: string): Promise<JobRecord> {
  const id = basename(path);
  using owner = await Deno.open(path + OWNER, { read: true, write: true }).catch(ignoreNotFound);
  if (!owner) throw new BerthError("job.unknown", `there is no job ${id}`);
  if (owner.tryLockSync(true)) throw new BerthError("job.unknown", `the job ${id} is over`);
  const fields = parseOwner(await new Response(owner.readable).text());
  if (!("cgroup" in fields)) throw new BerthError("job.unknown", `the job ${id} has no VM, or none with limits`);
  const record = RECORD.safeParse(fields);
  if (record.success) return record.data;
  throw new BerthError("job.unknown", `the job ${id} was started by another version of berth`);
}

async function removeAbandoned(jobs: string, endAbandoned: (record: JobRecord) => Promise<void>): Promise<void> {
  for await (const { name } of Deno.readDir(jobs)) {
    if (!name.endsWith(OWNER)) continue;
    using owner = await Deno.open(`${jobs}/${name}`, { write: true }).catch(ignoreNotFound);
    // One that ends in good order removes its own meanwhile.
    if (!owner?.tryLockSync(true)) continue;
    const text = await Deno.readTextFile(`${jobs}/${name}`).catch(ignoreNotFound) ?? "";
    // Killed before it was written, a record is none. One that can't be read must not stand in every later job's way.
    const ended = Promise.try(() => {
      const fields = parseOwner(text);
      return "cgroup" in fields ? endAbandoned(RECORD.parse(fields)) : undefined;
    });
    if (await ended.then(() => true, () => false)) await removeFolder(`${jobs}/${name.slice(0, -OWNER.length)}`);
  }
}

/** The folder first: without its owner's file nobody would find it. */
async function removeFolder(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch(ignoreNotFound);
  await Deno.remove(path + CGROUP).catch(ignoreNotFound);
  await Deno.remove(path + OWNER).catch(ignoreNotFound);
}
