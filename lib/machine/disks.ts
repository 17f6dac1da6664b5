/**
 * Makes a job's disks, and keeps what is to be kept of them.
 *
 * @module
 */

import { BerthError, describeError, ignoreNotFound } from "../base/errors.ts";
import { reportEvery } from "../base/progress.ts";
import { ROOT } from "../host/windows.ts";
import type { GuestVolume } from "../guest/fragment.ts";
import type { CacheIo, CacheStore, OpenCache } from "../disk/cache.ts";
import { copyDisk, createDisk, isExt4 } from "../disk/disk.ts";
import { createFolderDisk } from "../disk/folder_disk.ts";
import { type ToolJail, writeFilters } from "../process/tool_jail.ts";
import { type DiskPlan, planGuestVolumes } from "./disk_plan.ts";
import type { MachinePlan } from "./plan.ts";

/** What making disks is connected to. */
export interface DisksIo extends CacheIo {
  readonly caches: CacheStore;
}

/** A job's disks. Disposing gives its caches free for others. */
export interface JobDisks extends Disposable {
  /** What the guest is told of them. */
  readonly volumes: readonly GuestVolume[];
  /** Whether there is a cache whose changes are kept. */
  readonly hasCaches: boolean;
  /**
   * Keeps the caches, and returns what went wrong. The VM must have ended.
   *
   * @param signal ends the wait for the disk; a cache that is not on it by then is not kept.
   */
  saveCaches(signal: AbortSignal): Promise<string[]>;
  /** Gives their place on the host's disk back before the job is over; nothing of them is kept. */
  remove(): Promise<void>;
}

/** Makes all of them, in the job's folder. */
export async function createDisks({ disks, tenant, diskBytes, vm }: MachinePlan, io: DisksIo): Promise<JobDisks> {
  using stack = new DisposableStack();
  const caches: OpenCache[] = [];
  const fresh = new Set<string>();
  const jail = vm.jail && disks.some(({ source }) => source?.kind === "folder")
    ? { user: vm.jail.user, filters: await writeFilters(ROOT) }
    : undefined;
  for (const disk of disks) {
    const cache = await createOne(disk, { tenant: tenant?.name, headroomBytes: diskBytes, jail }, io);
    if (!cache) continue;
    caches.push(stack.use(cache));
    if (cache.isFresh) fresh.add(disk.serial);
  }
  const owned = stack.move();
  const written = caches.filter(({ isWriter }) => isWriter);
  return {
    volumes: planGuestVolumes(disks, fresh),
    hasCaches: written.length > 0,
    saveCaches: async (signal) => {
      const words = `${written.map(({ name }) => name).join(", ")}: writing what the job has changed`;
      using _progress = reportEvery(() => words, io.onNote);
      const tries = written.map((cache) =>
        cache.save(signal).then(() => [], (why) => [`the cache ${cache.name} is not kept: ${describeError(why)}`])
      );
      return (await Promise.all(tries)).flat();
    },
    remove: async () => {
      // A cache's file is held open.
      owned.dispose();
      for (const { path, source } of disks) if (source) await Deno.remove(path).catch(ignoreNotFound);
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** What disks of a job have in common. */
interface Common {
  readonly tenant?: string;
  /** No more than this can be added to one: it is what the job may take in all. */
  readonly headroomBytes: number;
  /** Of tools that read what is not berth's; absent: they get none. */
  readonly jail?: ToolJail;
}

async function createOne(disk: DiskPlan, common: Common, io: DisksIo): Promise<OpenCache | undefined> {
  const { path, source } = disk;
  switch (source?.kind) {
    case undefined:
      if (disk.mountPoint !== undefined) await expectExt4(path, disk);
      return;
    case "new":
      return void await createDisk(path, source.sizeBytes, io.signal);
    case "folder":
      return void await createFolderDisk(source.from, path, { ...io, ...common, what: nameOf(disk) });
    case "file":
      await expectExt4(source.from, disk);
      return void await copyDisk(source.from, path, io);
    case "cache":
      return await io.caches.open(
        { name: source.name, tenant: common.tenant },
        { path, sizeBytes: source.sizeBytes },
        io,
      );
  }
}

/** By its noun, which a flag, the configuration and a request have in common. */
function nameOf({ serial, mountPoint }: DiskPlan): string {
  return serial === "workspace" ? "the workspace" : `the volume for ${mountPoint}`;
}

async function expectExt4(path: string, disk: DiskPlan): Promise<void> {
  if (await isExt4(path)) return;
  throw new BerthError("job.volume", `${nameOf(disk)} is neither a folder nor an ext4 file system`);
}
