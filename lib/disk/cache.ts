/**
 * Caches: disks that outlive the jobs that fill them.
 *
 *     caches/[tenant-NAME/]cache-NAME/disk.ext4   what the last job that succeeded has left
 *     caches/[tenant-NAME/]cache-NAME/lock        held by the one job whose changes will be kept
 *     caches/tenant-NAME/name                     the tenant's own name, of which the folder's is made
 *
 * A job works on a copy, which takes the cache's place in one step: a job that fails, or is killed, changes nothing. What
 * is in a cache was written by a guest, so no host ever mounts it.
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { dirname } from "@std/path";
import { orAborted } from "../base/deadline.ts";
import { BerthError, ignoreNotFound } from "../base/errors.ts";
import { closeLocked } from "../files/locked_file.ts";
import { groupName } from "../cgroup/names.ts";
import { copyDisk, createDisk, type DiskIo } from "./disk.ts";
import { checkCacheName } from "./names.ts";
import { tryLock } from "../files/try_lock.ts";

const FOLDER = /^cache-(.+)$/;
const TENANT_NAME = "name";

/** Who looks whether a cache is in use holds its lock for some microseconds, who removes it for the time of an unlink. */
const LOOKER_MS = 500;

/** Name of a cache, and the tenant whose it is: no tenant's job sees another's. */
export interface CacheKey {
  readonly name: string;
  readonly tenant?: string;
}

/** A job's copy of a cache. Disposing gives the cache free for others. */
export interface OpenCache extends Disposable {
  readonly name: string;
  /** Whether it is empty. */
  readonly isFresh: boolean;
  /** Whether it is this job's changes that are kept. */
  readonly isWriter: boolean;
  /** Puts the copy in the cache's place. The VM that wrote it must have ended. @param signal ends it, and nothing is kept. */
  save(signal: AbortSignal): Promise<void>;
}

/** Listeners and stop of a copy. */
export interface CacheIo extends DiskIo {
  /** Told when the copy is not what the job may expect. */
  readonly onNote: (text: string) => void;
}

/** Facts of a cache, for people. */
export interface CacheInfo extends CacheKey {
  /** What it takes on the disk. */
  readonly usedBytes: number;
  readonly capBytes: number;
  readonly savedAt: Date;
  readonly inUse: boolean;
}

/** Store of caches, below one folder. */
export class CacheStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Makes a job's copy in a new file. */
  async open(
    key: CacheKey,
    copy: { readonly path: string; readonly sizeBytes: number },
    io: CacheIo,
  ): Promise<OpenCache> {
    const folder = this.#folder(key);
    using stack = new DisposableStack();
    const { file: lock, isHeld: isWriter } = await waitForLock(folder);
    if (key.tenant !== undefined) await Deno.writeTextFile(`${dirname(folder)}/${TENANT_NAME}`, key.tenant);
    stack.adopt(lock, closeLocked);
    if (!isWriter) io.onNote(`cache ${key.name}: another job writes to it; this one gets a copy, which is not kept`);
    const isFresh = !await takeCopy(`${folder}/disk.ext4`, copy, key.name, io);
    if (isFresh) await createDisk(copy.path, copy.sizeBytes, io.signal);
    // Held from before the VM starts: it could put a link to another file of the host in the place of its own.
    const file = stack.use(await Deno.open(copy.path, { read: true, write: true }));
    const { uid, gid } = await file.stat();
    const owned = stack.move();
    return {
      name: key.name,
      isFresh,
      isWriter,
      save: async (signal) => {
        // It was the VMM's meanwhile.
        await Deno.chown(copy.path, uid, gid);
        await save(file, copy, folder, signal);
      },
      [Symbol.dispose]: () => owned.dispose(),
    };
  }

  /** All caches, by tenant and name. */
  async list(): Promise<CacheInfo[]> {
    const infos: CacheInfo[] = [];
    for (const { name, path, tenant } of await this.#folders()) {
      const disk = await Deno.stat(`${path}/disk.ext4`).catch(ignoreNotFound);
      if (!disk) continue;
      const { file, isHeld } = await openLock(path);
      closeLocked(file);
      const usedBytes = (disk.blocks ?? 0) * 512;
      const savedAt = disk.mtime ?? new Date(0);
      infos.push({ name, tenant, usedBytes, capBytes: disk.size, savedAt, inUse: !isHeld });
    }
    return infos;
  }

  /** Removes a cache, and returns what that frees. @throws {BerthError} `cache.unknown`, `cache.busy`. */
  async remove(key: CacheKey): Promise<number> {
    const folder = this.#folder(key);
    const disk = await Deno.stat(`${folder}/disk.ext4`).catch(ignoreNotFound);
    if (!disk) throw new BerthError("cache.unknown", `there is no cache ${key.name}${ofTenant(key)}`);
    using stack = new DisposableStack();
    const { file, isHeld } = await openLock(folder);
    stack.adopt(file, closeLocked);
    if (!isHeld) {
      throw new BerthError("cache.busy", `a job writes to the cache ${key.name}${ofTenant(key)}`);
    }
    // The lock last: whoever waits for it is not let in before the rest is gone.
    await Deno.remove(`${folder}/disk.ext4`);
    await Deno.remove(`${folder}/lock`);
    // A job that has made a lock anew in it meanwhile keeps it.
    await Deno.remove(folder).catch(() => {});
    return (disk.blocks ?? 0) * 512;
  }

  #folder({ name, tenant }: CacheKey): string {
    const owner = tenant === undefined ? this.#root : `${this.#root}/${groupName("tenant", tenant)}`;
    return `${owner}/cache-${checkCacheName(name, "cache")}`;
  }

  async #folders(): Promise<{ name: string; path: string; tenant?: string }[]> {
    const found: { name: string; path: string; tenant?: string }[] = [];
    const look = async (folder: string, tenant?: string) => {
      for (const name of await entries(folder)) {
        const cache = FOLDER.exec(name)?.[1];
        if (cache) found.push({ name: cache, path: `${folder}/${name}`, tenant });
        else if (tenant === undefined && name.startsWith("tenant-")) {
          const tenantName = await Deno.readTextFile(`${folder}/${name}/${TENANT_NAME}`).catch(ignoreNotFound);
          if (tenantName !== undefined) await look(`${folder}/${name}`, tenantName);
        }
      }
    };
    await look(this.#root);
    return found;
  }
}

/** Copies the cache, if there is one that can be used. */
async function takeCopy(
  disk: string,
  { path, sizeBytes }: { readonly path: string; readonly sizeBytes: number },
  name: string,
  io: CacheIo,
): Promise<boolean> {
  const info = await Deno.stat(disk).catch(ignoreNotFound);
  if (!info) return false;
  if (info.size === sizeBytes) {
    await copyDisk(disk, path, io);
    return true;
  }
  // To resize it, a host's program would have to read what a guest has written.
  io.onNote(`cache ${name}: it was made with another size, so this job begins with an empty one`);
  return false;
}

async function save(
  file: Deno.FsFile,
  { path, sizeBytes }: { readonly path: string; readonly sizeBytes: number },
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const [held, there] = await Promise.all([file.stat(), Deno.lstat(path)]);
  if (!there.isFile || there.ino !== held.ino || there.nlink !== 1 || held.size !== sizeBytes) {
    throw new BerthError("cache.replaced", "the VMM has replaced the file of its disk");
  }
  signal.throwIfAborted();
  await orAborted(file.sync(), signal);
  await Deno.rename(path, `${folder}/disk.ext4`);
}

/** The same, though somebody may just look at the cache or remove it. */
async function waitForLock(folder: string): Promise<{ file: Deno.FsFile; isHeld: boolean }> {
  const deadline = performance.now() + LOOKER_MS;
  while (true) {
    const lock = await openLock(folder);
    if (lock.isHeld || performance.now() > deadline) return lock;
    lock.file.close();
    // Not awaited: a wait for a lock can't be given up, and would take the lock later.
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Opens the lock's file, and takes the lock if it is free. */
async function openLock(folder: string): Promise<{ file: Deno.FsFile; isHeld: boolean }> {
  while (true) {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
    const path = `${folder}/lock`;
    const file = await Deno.open(path, { create: true, write: true, read: true, mode: 0o600 }).catch(ignoreNotFound);
    if (!file) continue;
    const isHeld = tryLock(file, { exclusive: true });
    // Whoever has removed the cache meanwhile has removed this lock with it: it stands for nothing any more.
    const [mine, there] = [file.statSync().ino, (await Deno.stat(path).catch(ignoreNotFound))?.ino];
    if (mine === there) return { file, isHeld };
    file.close();
  }
}

async function entries(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).filter((entry) => entry.isDirectory).map(({ name }) => name)
      .sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function ofTenant({ tenant }: CacheKey): string {
  return tenant === undefined ? "" : ` of tenant ${tenant}`;
}
