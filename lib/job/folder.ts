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

const OWNER = ".owner";

/** Creates a job's folder, after removing those whose owner is gone. Disposing removes it. */
export async function createJobFolder(path: string): Promise<AsyncDisposable> {
  const jobs = dirname(path);
  await Deno.mkdir(jobs, { recursive: true, mode: 0o700 });
  // One at a time: no owner's file is there without its lock for anybody who looks.
  using gate = await Deno.open(`${jobs}/.lock`, { create: true, write: true });
  await gate.lock(true);
  await removeAbandoned(jobs);
  const owner = await Deno.open(path + OWNER, { createNew: true, write: true });
  await owner.lock(true);
  const folder: AsyncDisposable = {
    async [Symbol.asyncDispose]() {
      using _lock = owner;
      await removeFolder(path);
    },
  };
  try {
    await Deno.mkdir(path, { mode: 0o700 });
    return folder;
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
}

async function removeAbandoned(jobs: string): Promise<void> {
  for await (const { name } of Deno.readDir(jobs)) {
    if (!name.endsWith(OWNER)) continue;
    using owner = await Deno.open(`${jobs}/${name}`, { write: true }).catch(ignoreNotFound);
    // One that ends in good order removes its own meanwhile.
    if (owner?.tryLockSync(true)) await removeFolder(`${jobs}/${name.slice(0, -OWNER.length)}`);
  }
}

/** The folder first: without its owner's file nobody would find it. */
async function removeFolder(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch(ignoreNotFound);
  await Deno.remove(path + OWNER).catch(ignoreNotFound);
}

function ignoreNotFound(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
