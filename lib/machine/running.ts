/**
 * Which jobs run, as their folders say, and which of them goes first when their disk is full.
 *
 * @module
 */

import { exists } from "@std/fs";
// @ts-types="../base/types/path.d.ts"
import { basename, dirname } from "@std/path";
import { usedBytes } from "../disk/watch.ts";
import { OWNER, parseOwner } from "./owner.ts";
import { closeLocked } from "../files/locked_file.ts";
import { tryLock } from "../files/try_lock.ts";

/** The ids of the jobs that run on each image, by the image's name, sorted. */
export async function readImageUsers(jobs: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const users = new Map<string, string[]>();
  for (const name of await ownersFiles(jobs)) {
    const image = await readImageOfLive(`${jobs}/${name}`);
    if (image === undefined) continue;
    users.set(image, [...users.get(image) ?? [], name.slice(0, -OWNER.length)]);
  }
  return users;
}

async function ownersFiles(jobs: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(jobs));
    return entries.map(({ name }) => name).filter((name) => name.endsWith(OWNER)).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** How long a larger job gets to end and to make room. Its VM is killed at once; its reader gets 2 s. */
const PATIENCE_MS = 5000;
/** Even the largest looks twice: it may see what one that has just gone has not given back yet. */
const CONFIRM_MS = 50;
/** Some file systems give room back a moment after its file has gone. */
const SETTLE_MS = 300;

/**
 * Tells a job at the floor of its disk whether others are to end before it: the largest ends first, and only when that
 * has not helped the next. Each finds out for itself, and all come to the same. Jobs of other state folders are not seen.
 *
 * @param folder its folder.
 */
export function largestFirst(
  folder: string,
  now: () => number = () => performance.now(),
): (isNew: boolean) => Promise<boolean> {
  const [jobs, self] = [dirname(folder), basename(folder)];
  let live: readonly string[] = [];
  let larger: ReadonlyMap<string, number> = new Map();
  let sinceMs = 0;
  let hasMadeRoom = false;
  return async (isNew) => {
    // Nobody begins at the floor, and to ask for a lock costs more than to look whether a file is there.
    live = isNew ? await liveJobs(jobs) : await filter(live, (id) => exists(`${jobs}/${id}${OWNER}`));
    const uses = new Map(await Promise.all(live.map(async (id): Promise<Use> => [id, await useOf(`${jobs}/${id}`)])));
    const own: Use = [self, uses.get(self) ?? 0];
    // Its files are gone before its room is there again.
    const isLess = [...larger].some(([id, bytes]) => {
      const now = uses.get(id) ?? 0;
      return now < bytes && !isLarger([id, now], own);
    });
    larger = new Map([...uses].filter((use) => isLarger(use, own)));
    if (isNew || isLess) sinceMs = now();
    hasMadeRoom = !isNew && (isLess || hasMadeRoom);
    const patienceMs = larger.size * PATIENCE_MS || (hasMadeRoom ? SETTLE_MS : CONFIRM_MS);
    return now() - sinceMs < patienceMs;
  };
}

type Use = readonly [id: string, bytes: number];

/** Of two that take the same, too, only one goes first. */
function isLarger([id, bytes]: Use, [other, others]: Use): boolean {
  return bytes > others || (bytes === others && id > other);
}

/** One that has no folder any more takes nothing. */
async function useOf(folder: string): Promise<number> {
  return await usedBytes(folder).catch(() => 0);
}

async function filter(ids: readonly string[], test: (id: string) => Promise<boolean>): Promise<string[]> {
  const passed = await Promise.all(ids.map(test));
  return ids.filter((_, index) => passed[index]);
}

async function liveJobs(jobs: string): Promise<string[]> {
  const ids = (await ownersFiles(jobs)).map((name) => name.slice(0, -OWNER.length));
  return await filter(ids, async (id) => !await isOver(`${jobs}/${id}${OWNER}`));
}

async function isOver(path: string): Promise<boolean> {
  try {
    using stack = new DisposableStack();
    // A shared lock is refused by the owner's only, as below.
    return tryLock(stack.adopt(await Deno.open(path), closeLocked), { exclusive: false });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}

/** @returns undefined for a job that is over, and for one that has said nothing yet. */
async function readImageOfLive(path: string): Promise<string | undefined> {
  try {
    // Two that look at once do not take each other for an owner.
    if (await isOver(path)) return undefined;
    const { image } = parseOwner(await Deno.readTextFile(path));
    return typeof image === "string" ? image : undefined;
  } catch (error) {
    // It has ended meanwhile, or another version of berth has written this.
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
