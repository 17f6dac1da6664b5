/**
 * Jobs whose owner is gone: found by the lock that nobody holds, ended, and removed.
 *
 * Whoever clears a job away holds its lock meanwhile, as its owner did: two at once never work on the same one. Nothing
 * is touched that has no owner's file, and nothing whose owner's file is locked.
 *
 * @module
 */

import { exists } from "@std/fs";
// @ts-types="../base/types/path.d.ts"
import { basename } from "@std/path";
import { within } from "../base/deadline.ts";
import { BerthError, ignoreNotFound, translateRefusedWrite } from "../base/errors.ts";
import { isId } from "../base/ids.ts";
import { closeLocked } from "../files/locked_file.ts";
import { isVmGroup } from "../cgroup/names.ts";
import { removeFolderTree } from "../files/remove_folder.ts";
import { CGROUP, OWNER, parseGroup, type RecordedOrphan } from "./owner.ts";
import { tryLock } from "../files/try_lock.ts";

/**
 * Who holds it makes a file and looks at the others' locks, which takes milliseconds; but on a host with more to do than
 * it can, twenty at once have each other wait (seen: half a minute, emulated).
 */
const LOCK_MS = 120_000;

/** Ends what a dead job has beside its folder. Resolves to whether it was still there. */
export type EndOrphan = (group: RecordedOrphan) => Promise<boolean>;

/** A dead job, held. Disposing leaves it to others. */
export interface Claim extends Disposable {
  readonly id: string;
  /** Of its folder. */
  readonly path: string;
  /** Why nobody can say whether it is dead. */
  readonly error?: unknown;
}

/** What became of a dead job. */
export interface ClearedJob {
  readonly id: string;
  /** The group that was ended. */
  readonly cgroup?: string;
  /** Why it, or a part of it, is still there. */
  readonly error?: unknown;
}

/** Removes all dead jobs. @throws {BerthError} `host.read-only`, `host.disk-full` when nothing can be locked. */
export async function sweepJobs(jobs: string, endOrphan: EndOrphan): Promise<ClearedJob[]> {
  if (!await exists(jobs)) return [];
  try {
    using stack = new DisposableStack();
    const claims = await withJobsLocked(jobs, () => claimOrphans(jobs));
    for (const claim of claims) stack.use(claim);
    return await clearAway(claims, endOrphan);
  } catch (error) {
    throw translateRefusedWrite(error, jobs);
  }
}

/**
 * Does something while nobody else makes an owner's file, or looks for orphans.
 *
 * @param action does not wait for anything: everybody else who starts waits for it.
 */
export async function withJobsLocked<T>(jobs: string, action: () => T): Promise<T> {
  using stack = new DisposableStack();
  const gate = stack.adopt(await Deno.open(`${jobs}/.lock`, { create: true, write: true }), closeLocked);
  await within(gate.lock(true), LOCK_MS, `the lock ${jobs}/.lock, which another berth holds`);
  return action();
}

/**
 * The ids of dead jobs; they stay as they are. A shared lock is refused by an owner's only, and by one's who clears a job
 * away.
 */
export async function findOrphans(jobs: string): Promise<string[]> {
  if (!await exists(jobs)) return [];
  const names = (await Array.fromAsync(Deno.readDir(jobs))).map(({ name }) => name);
  return names.filter((name) => name.endsWith(OWNER) && isId(name.slice(0, -OWNER.length)))
    .filter((name) => isUnowned(`${jobs}/${name}`)).map((name) => name.slice(0, -OWNER.length)).sort();
}

function isUnowned(path: string): boolean {
  using stack = new DisposableStack();
  try {
    return tryLock(stack.adopt(Deno.openSync(path), closeLocked), { exclusive: false });
  } catch (error) {
    // It has gone meanwhile.
    ignoreNotFound(error);
    return false;
  }
}

/** Locks what dead owners have left. The jobs are to be locked. */
export function claimOrphans(jobs: string): Claim[] {
  using stack = new DisposableStack();
  const claims: Claim[] = [];
  for (const { name, isFile } of Deno.readDirSync(jobs)) {
    const id = name.slice(0, -OWNER.length);
    // Anything else is somebody else's.
    if (!isFile || !name.endsWith(OWNER) || !isId(id)) continue;
    const claim = tryClaim(`${jobs}/${id}`, id);
    if (claim) claims.push(stack.use(claim));
  }
  stack.move();
  return claims;
}

function tryClaim(path: string, id: string): Claim | undefined {
  try {
    using stack = new DisposableStack();
    const owner = stack.adopt(Deno.openSync(path + OWNER, { write: true }), closeLocked);
    if (!tryLock(owner, { exclusive: true })) return undefined;
    // Its owner, or another berth, has removed it meanwhile.
    if (owner.statSync().nlink === 0) return undefined;
    const held = stack.move();
    return { id, path, [Symbol.dispose]: () => held.dispose() };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    return { id, path, error, [Symbol.dispose]: () => {} };
  }
}

/** Ends and removes what was claimed, all at once: one that takes its time keeps no other one waiting. */
export async function clearAway(claims: readonly Claim[], endOrphan: EndOrphan): Promise<ClearedJob[]> {
  return await Promise.all(claims.map(async (claim) => {
    let cgroup: string | undefined;
    try {
      if (claim.error !== undefined) throw claim.error;
      const group = await readGroup(claim);
      if (group && await endOrphan(group)) cgroup = group.cgroup;
      await removeFolderTree(claim.path);
      await removeRecord(claim.path);
      return { id: claim.id, cgroup };
    } catch (error) {
      // It must not stand in every later job's way.
      return { id: claim.id, cgroup, error: translateRefusedWrite(error, claim.path) };
    }
  }));
}

async function readGroup({ id, path }: Claim): Promise<RecordedOrphan | undefined> {
  let group: RecordedOrphan | undefined;
  try {
    group = parseGroup(await Deno.readTextFile(path + OWNER));
  } catch (cause) {
    throw new BerthError("job.record", `${path}${OWNER} is not a record that this version of berth can read`, {
      cause,
    });
  }
  // Whatever stands in a record, no other job's group is ended.
  if (group?.driver !== "cgroupfs" || isVmGroup(basename(group.cgroup), id)) return group;
  throw new BerthError("job.record", `${path}${OWNER} names ${group.cgroup}, which is not the group of this job`);
}

/**
 * Removes what stands beside the folder. The folder is to be gone: without its owner's file nobody would find it. And the
 * name of a group goes before the note on it: see `intend()` in folder.ts.
 */
export async function removeRecord(path: string): Promise<void> {
  await Deno.truncate(path + OWNER).catch(ignoreNotFound);
  await Deno.remove(path + CGROUP).catch(ignoreNotFound);
  await Deno.remove(path + OWNER).catch(ignoreNotFound);
}
