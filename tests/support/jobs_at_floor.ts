/**
 * Three jobs without VMs on one small disk, which the second one fills: prints who goes, in order. Nobody else goes for a
 * while after one that has made room.
 *
 * @module
 */

import { watchDisks } from "../../lib/disk/watch.ts";
import { createJobFolder } from "../../lib/machine/folder.ts";
import { largestFirst } from "../../lib/machine/running.ts";

const MIB = 1024 ** 2;
/** What is written into each one's folder. */
const JOBS = [["aaaaaaaaaaaa", 10], ["bbbbbbbbbbbb", 120], ["cccccccccccc", 20]] as const;
const LAST_MS = 1000;

const [folder] = Deno.args;
await using stack = new AsyncDisposableStack();
const gone = Promise.withResolvers<void>();
const signals = new Map<string, AbortSignal>();
for (const [id] of JOBS) {
  const path = `${folder}/jobs/${id}`;
  const job = await createJobFolder(path, "ci");
  // Before its folder goes.
  const watch = await watchDisks(path, { minFreeBytes: 64 * MIB, othersFirst: largestFirst(path) });
  signals.set(id, watch.signal);
  let ended: Promise<void> | undefined;
  const end = () => ended ??= Promise.resolve(job[Symbol.asyncDispose]());
  stack.defer(end);
  stack.use(watch);
  watch.signal.addEventListener("abort", () => {
    console.log(id);
    void end().then(() => setTimeout(gone.resolve, LAST_MS));
  });
}
for (const [id, mib] of JOBS.toSorted((a, b) => a[1] - b[1])) {
  using out = await Deno.open(`${folder}/jobs/${id}/out`, { create: true, append: true });
  for (let part = 0; part < mib && !signals.get(id)!.aborted; part++) await out.write(new Uint8Array(MIB));
}
await gone.promise;
