/**
 * `berth doctor`: what a host says of itself, seen by a shell without windows.
 *
 * @module
 */

import { within } from "../base/deadline.ts";
import { describeError } from "../base/errors.ts";
import collectScript from "../doctor/collect.sh" with { type: "text" };
import { Facts, type Tried } from "../doctor/facts.ts";
import type { Area } from "../doctor/finding.ts";
import { SETSID } from "../host/front.ts";
import { tryTool } from "../process/tool.ts";

/** What the script waits for is bounded to 8 s each; this is for a host where even that does not help. */
const COLLECT_MS = 30_000;

/** Looks at one area. @param words what to look for there. */
export async function collectFacts(area: Area, words: readonly string[]): Promise<Tried<Facts>> {
  const stop = new AbortController();
  try {
    const args = ["sh", "-c", collectScript, "berth-doctor", area, ...words];
    const run = tryTool({ command: SETSID, args, signal: stop.signal });
    return { value: new Facts((await within(run, COLLECT_MS, "what the host says of it")).stdout) };
  } catch (error) {
    stop.abort(error);
    return { problem: describeError(error) };
  }
}
