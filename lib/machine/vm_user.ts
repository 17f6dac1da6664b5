/**
 * A user of the host's for a VMM: one that no other VMM of this host is at the same time.
 *
 *     /run/berth-users/UID    held by the berth whose VMM is that user
 *
 * What a VMM leaves behind or looks for, it would share with whoever else is the same user. So all berths of a host,
 * whatever their state folders are, have this folder in common.
 *
 * @module
 */

import { BerthError, ignoreNotFound } from "../base/errors.ts";
import { closeLocked } from "../files/locked_file.ts";
import { USERS } from "../host/windows.ts";
import { tryLock } from "../files/try_lock.ts";

/** Users of the host by their numbers, both included. */
export interface UidRange {
  readonly first: number;
  readonly last: number;
}

/** Of each berth that is killed one is left. */
const LOOKED_AT = 3;

/** Disposing gives it free. */
export interface VmUser extends Disposable {
  readonly uid: number;
}

/** Takes one that is free. @throws {BerthError} `host.users` when there is none. */
export async function takeUser({ first, last }: UidRange, folder = USERS): Promise<VmUser> {
  await tidy(folder);
  const count = last - first + 1;
  // Whoever begins at the same place as everybody else goes past all that are taken.
  const start = Math.floor(Math.random() * count);
  for (let offset = 0; offset < count; offset++) {
    const uid = first + (start + offset) % count;
    const user = await tryUser(uid, `${folder}/${uid}`);
    if (user) return user;
  }
  throw new BerthError("host.users", `VMs have all ${count} users from ${first} to ${last}`);
}

/** Removes what killed berths have left: some of it at each start, as a look at every VM's lock would take its time. */
async function tidy(folder: string): Promise<void> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  for (let count = 0; count < LOOKED_AT && names.length; count++) {
    const [name] = names.splice(Math.floor(Math.random() * names.length), 1);
    (await tryUser(Number(name), `${folder}/${name}`))?.[Symbol.dispose]();
  }
}

async function tryUser(uid: number, path: string): Promise<VmUser | undefined> {
  using stack = new DisposableStack();
  const file = stack.adopt(await Deno.open(path, { create: true, write: true, mode: 0o600 }), closeLocked);
  if (!tryLock(file, { exclusive: true })) return undefined;
  // Who had it has removed the file with the lock: this one then stands for nothing any more.
  const there = await Deno.stat(path).catch(ignoreNotFound);
  if (there?.ino !== file.statSync().ino) return undefined;
  stack.defer(() => removeIfThere(path));
  const taken = stack.move();
  return { uid, [Symbol.dispose]: () => taken.dispose() };
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
