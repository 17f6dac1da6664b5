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
import { dirname } from "@std/path";
import { translateRefusedWrite } from "../base/errors.ts";
import { closeLocked } from "../files/locked_file.ts";
import { writeAll } from "../base/write_all.ts";
import { type Claim, claimOrphans, clearAway, type EndOrphan, removeRecord, withJobsLocked } from "./orphans.ts";
import { removeFolderTree } from "../files/remove_folder.ts";
import { CGROUP, type JobRecord, OWNER, type PlannedGroup } from "./owner.ts";

/** A job's folder. Disposing removes it. */
export interface JobFolder extends AsyncDisposable {
  /**
   * Notes a group before it is made, so that nobody has to guess whose it is when berth is killed between the two.
   *
   * From then on the record outlives the folder, for the next berth to end the group by: see {@linkcode release}.
   */
  intend(group: PlannedGroup): Promise<void>;
  /** Says that the group is gone, so that the record goes with the folder. */
  release(): void;
  /** Notes what the job has beside its folder, for others: see `readRecord()` in owner.ts. */
  record(record: JobRecord): Promise<void>;
}

/**
 * Creates a job's folder, after removing those whose owner is gone.
 *
 * @param image what the job runs on, for others: see running.ts.
 * @param endOrphan ends what such a job has beside its folder. If it can't, the folder stays, for the next to try.
 * @throws {BerthError} `host.read-only`, `host.disk-full`.
 */
export async function createJobFolder(
  path: string,
  image: string,
  endOrphan: EndOrphan = () => Promise.resolve(false),
): Promise<JobFolder> {
  try {
    const folder = new OwnedFolder(path, await own(path, endOrphan));
    try {
      await folder.note({ image });
      await Deno.mkdir(path, { mode: 0o700 });
      return folder;
    } catch (error) {
      await folder[Symbol.asyncDispose]();
      throw error;
    }
  } catch (error) {
    throw translateRefusedWrite(error, dirname(path));
  }
}

/** Makes the owner's file, locked, and removes what dead owners have left. */
async function own(path: string, endOrphan: EndOrphan): Promise<Deno.FsFile> {
  const jobs = dirname(path);
  await Deno.mkdir(jobs, { recursive: true, mode: 0o700 });
  using stack = new DisposableStack();
  const claims: Claim[] = [];
  try {
    // No owner's file is there without its lock for anybody who looks.
    return await withJobsLocked(jobs, () => {
      claims.push(...claimOrphans(jobs).map((claim) => stack.use(claim)));
      const file = Deno.openSync(path + OWNER, { createNew: true, write: true });
      file.lockSync(true);
      return file;
    });
  } finally {
    // Also when there is no room for a file: this makes some, for the next one. What could not be removed is not this
    // job's affair; `berth gc` tells of it.
    await clearAway(claims, endOrphan);
  }
}

class OwnedFolder implements JobFolder {
  readonly #path: string;
  readonly #owner: Deno.FsFile;
  /** Whether there may be a group that nobody but the record knows of. */
  #hasGroup = false;
  #noted: string | undefined;

  constructor(path: string, owner: Deno.FsFile) {
    this.#path = path;
    this.#owner = owner;
  }

  /** Adds a line to the owner's file. */
  async note(fields: object): Promise<void> {
    await writeAll(this.#owner, new TextEncoder().encode(JSON.stringify(fields) + "\n"));
  }

  async intend(planned: PlannedGroup): Promise<void> {
    // First: who finds a group in the record but not there could not tell whether it went with what it was made in.
    await this.#noteForShell(planned.cgroup);
    await this.note({ planned });
    this.#hasGroup = true;
  }

  release(): void {
    this.#hasGroup = false;
  }

  async record(record: JobRecord): Promise<void> {
    await this.#noteForShell(record.cgroup);
    await this.note(record);
  }

  /** Once only: for a moment it would be empty again. */
  async #noteForShell(cgroup: string): Promise<void> {
    if (cgroup === this.#noted) return;
    await Deno.writeTextFile(this.#path + CGROUP, `${cgroup}\n`);
    this.#noted = cgroup;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    using stack = new DisposableStack();
    stack.adopt(this.#owner, closeLocked);
    await removeFolderTree(this.#path);
    if (!this.#hasGroup) await removeRecord(this.#path);
  }
}
