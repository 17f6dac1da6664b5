/**
 * Whether programs can be jailed on this host: found out by jailing one.
 *
 * @module
 */

import { describeError } from "../base/errors.ts";
import { planJail } from "./jail.ts";
import { tryTool } from "./tool.ts";

/** What stands in the way of a jail; undefined when one works. */
export async function jailProblem(): Promise<string | undefined> {
  const [command, ...args] = planJail({ readOnly: [], writable: [], cwd: "/" });
  try {
    const { success, stderr } = await tryTool({ command, args: [...args, "true"], leadsGroup: true });
    return success ? undefined : stderr.trim() || "it failed without a word";
  } catch (error) {
    return describeError(error);
  }
}
