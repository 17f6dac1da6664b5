/**
 * berth, whose host process kills itself at a point of a job's life: `--name die-at-POINT` says at which one.
 *
 * @module
 */

import { main } from "../../lib/cli/main.ts";

/** The name that a job has to have to lose its berth at that point. */
export function dyingAt(point: string): string {
  return `die-at-${point}`;
}

/** The path of this program, for calls of it. */
export const MORTAL_BERTH = new URL(import.meta.url).pathname;

function die(): void {
  // Deno itself may kill only what it has started.
  new Deno.Command("sh", { args: ["-c", "kill -KILL $PPID"] }).outputSync();
}

if (import.meta.main) {
  Deno.exit(
    await main(Deno.args, import.meta.url, (point) => {
      if (Deno.args.includes(dyingAt(point))) die();
    }),
  );
}
