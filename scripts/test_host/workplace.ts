/**
 * The cache root and this run's place in it: one run at a time, and a work folder that goes with the run.
 *
 * @module
 */
import { emptyDir, ensureDir } from "@std/fs";
import { settlesWithin } from "../../lib/base/deadline.ts";
import type { Bound } from "./wait.ts";

/** A work folder of this run alone. Disposal removes it and lets the next run in. */
export interface Workplace extends AsyncDisposable {
  readonly folder: string;
}

/**
 * Waits for other runs to end, then makes the work folder.
 *
 * The lock is the kernel's: it is free as soon as its owner is dead. So whatever lies in the work folder
 * then was left by a run that was killed, and is removed.
 *
 * @param say tells the user that there is somebody to wait for
 */
export async function openWorkplace(
  cacheRoot: string,
  bound: Bound,
  say: (line: string) => void,
): Promise<Workplace> {
  await ensureDir(cacheRoot);
  await using stack = new AsyncDisposableStack();
  const file = stack.use(await Deno.open(`${cacheRoot}/lock`, { create: true, write: true }));
  const locked = file.lock(true);
  if (!await settlesWithin(locked, 500)) say("waiting for another run to end");
  await bound.wait("another run of the test host to end", locked);
  const folder = `${cacheRoot}/work`;
  await emptyDir(folder);
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const owned = stack.move();
  return { folder, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
