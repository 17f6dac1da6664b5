/**
 * Where the benchmark keeps things, and that nothing of it stays.
 *
 * @module
 */

import { emptyDir, ensureDir } from "@std/fs";
import { tryLock } from "../../lib/files/try_lock.ts";
import { shell } from "./child.ts";

/** berth's state while it is measured: its image stays for the next benchmark, as it would for a user. */
export const STATE = "/var/tmp/berth-test/bench";
/** Everything else: gone at the end. */
export const SCRATCH = `${STATE}/scratch`;
const LOCK = `${STATE}/lock`;

/** Takes the one place there is; disposing gives it back, empty. Two benchmarks at once would measure each other. */
export async function openScratch(): Promise<AsyncDisposable> {
  await ensureDir(STATE);
  await using stack = new AsyncDisposableStack();
  const lock = stack.adopt(await Deno.open(LOCK, { create: true, write: true }), (file) => file.close());
  if (!tryLock(lock, { exclusive: true })) throw new Error("another benchmark is running");
  stack.defer(() => Deno.remove(SCRATCH, { recursive: true }));
  // One that was killed has left its own.
  await emptyDir(SCRATCH);
  return stack.move();
}

/** What the opponents have left: processes with the state folder in their environment, and folders of jobs. */
export async function leftovers(): Promise<string[]> {
  const found = await shell(
    "looking for what is left",
    `for process in /proc/[0-9]*; do
      if tr '\\0' '\\n' <"$process/environ" 2>/dev/null | grep -qxF "BERTH_STATE=$1"; then
        echo "process \${process#/proc/}: $(tr '\\0' ' ' <"$process/cmdline" 2>/dev/null | cut -c1-100)"
      fi
    done
    for job in "$1"/jobs/*; do [ ! -e "$job" ] || echo "folder $job"; done`,
    STATE,
  );
  return found.split("\n").filter((line) => line);
}
