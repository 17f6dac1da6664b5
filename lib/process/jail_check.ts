/**
 * Whether programs can be jailed on this host: found out by jailing one.
 *
 * @module
 */

import { describeError } from "../base/errors.ts";
import type { JailPlan } from "./jail.ts";
import { planLaunch } from "./launch.ts";
import { tryTool } from "./tool.ts";

/** What stands in the way of a jail. */
export interface JailProblem {
  readonly detail: string;
  /** There is no bubblewrap. */
  readonly isMissing: boolean;
}

/** What stands in the way of such a jail; undefined when one works. */
export async function jailProblem(jail: Pick<JailPlan, "user" | "filter"> = {}): Promise<JailProblem | undefined> {
  const launch = planLaunch({ jail: { readOnly: [], writable: [], cwd: "/", ...jail }, argv: ["true"] });
  try {
    const { success, code, stderr } = await tryTool({ ...launch, leadsGroup: true });
    if (success) return undefined;
    const isMissing = code === 127 && /\bbwrap: not found/.test(stderr);
    return { detail: stderr.trim() || "it failed without a word", isMissing };
  } catch (error) {
    return { detail: describeError(error), isMissing: false };
  }
}
