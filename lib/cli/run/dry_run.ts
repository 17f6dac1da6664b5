/**
 * `berth run --dry-run` in the host process: what would be run, as JSON.
 *
 * @module
 */

import { planDryRun } from "../../app/plan_run.ts";
import type { JobRequest } from "../../job/request/request.ts";
import { toJson } from "../terminal/json.ts";
import { Console } from "../terminal/console.ts";

/** Prints it, and returns berth's exit status. @throws what would keep the job from beginning, as far as can be seen. */
export async function printDryRun(
  request: JobRequest,
  paths: readonly (readonly [window: string, path: string])[],
): Promise<number> {
  await using words = new Console(false, paths);
  const { plan, ...asked } = await planDryRun(request);
  // What was asked for has no windows in it: a text that looks like one is the job's own.
  const named = JSON.parse(toJson(plan, undefined, (text) => words.name(text)));
  console.log(toJson({ ...asked, plan: named }, 2));
  return 0;
}
