/**
 * berth, which stands still at each point of a job's life that a test has prepared: see harness.ts.
 *
 * @module
 */

import { main } from "../../lib/cli/main.ts";
import { STATE } from "../../lib/host/windows.ts";
import type { Point } from "../../lib/job/points.ts";

/** Tells that the point is reached, by a FIFO, and waits for leave to go on, by another. Nothing else happens meanwhile. */
function standAt(point: Point): void {
  const path = `${STATE}/points/${point}`;
  try {
    Deno.statSync(path);
  } catch {
    return;
  }
  Deno.writeTextFileSync(`${path}/reached`, `${Deno.pid}\n`, { create: false });
  Deno.readTextFileSync(`${path}/go`);
}

Deno.exit(await main(Deno.args, import.meta.url, standAt));
