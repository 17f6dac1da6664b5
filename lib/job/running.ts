/**
 * Which jobs run, as their folders say.
 *
 * @module
 */

import { OWNER, parseOwner } from "./owner.ts";
import { tryLock } from "../process/try_lock.ts";

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

/** @returns undefined for a job that is over, and for one that has said nothing yet. */
async function readImageOfLive(path: string): Promise<string | undefined> {
  try {
    using owner = await Deno.open(path);
    // A shared lock is refused by the owner's only: two that look at once do not take each other for one.
    if (tryLock(owner, { exclusive: false })) return undefined;
    const { image } = parseOwner(await new Response(owner.readable).text());
    return typeof image === "string" ? image : undefined;
  } catch (error) {
    // It has ended meanwhile, or another version of berth has written this.
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
