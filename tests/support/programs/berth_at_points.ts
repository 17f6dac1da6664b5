/**
 * berth, whose host process dies or stands still at a point of a job's life: `--name die-at-POINT` says where it kills
 * itself; it stands still where a folder `points/POINT` with two FIFOs is in the state folder.
 *
 * @module
 */

import { main } from "../../../lib/cli/main.ts";
import { callCommand } from "../../../lib/cli/call.ts";
import { COMMANDS } from "../../../lib/cli/commands.ts";
import type { Program } from "../../../lib/cli/line/command.ts";
import { RUN, runBehindWindows } from "../../../lib/cli/run/run.ts";
import { STATE } from "../../../lib/host/windows.ts";
import type { Point } from "../../../lib/machine/points.ts";

/** The name that a job has to have to lose its berth at that point. */
export function dyingAt(point: Point): string {
  return `die-at-${point}`;
}

/** The path of this program, for calls of it. */
export const BERTH_AT_POINTS = new URL(import.meta.url).pathname;

function die(): void {
  // Deno itself may kill only what it has started.
  new Deno.Command("sh", { args: ["-c", "kill -KILL $PPID"] }).outputSync();
}

const stood = new Set<Point>();

/**
 * Tells who it is by one FIFO, and waits for leave to go on by the other. Nothing else happens meanwhile. Once: a second
 * attempt to boot comes by some points again.
 */
function stand(point: Point): void {
  if (stood.has(point)) return;
  stood.add(point);
  const path = `${STATE}/points/${point}`;
  try {
    Deno.statSync(path);
  } catch {
    return;
  }
  Deno.writeTextFileSync(`${path}/reached`, `${Deno.pid}\n`, { create: false });
  Deno.readTextFileSync(`${path}/go`);
}

if (import.meta.main) {
  let name: string | undefined;
  const act = (program: Program) =>
    runBehindWindows(program, (event) => {
      if (event.kind === "job") name = event.name;
      if (event.kind !== "point") return;
      if (name === dyingAt(event.point)) die();
      stand(event.point);
    });
  const [command, ...words] = Deno.args;
  const program: Program = { mainModule: import.meta.url, commands: COMMANDS };
  const status = command === "run"
    ? await callCommand({ path: ["run"], command: { ...RUN, act } }, words, program)
    : await main(Deno.args, import.meta.url);
  Deno.exit(status);
}
