/**
 * Whether programs can be jailed on this host: found out by jailing one.
 *
 * @module
 */

import { describeError } from "../base/errors.ts";
import type { JailPlan } from "./jail.ts";
import { planLaunch } from "./launch.ts";
import { tryToolWithin } from "./tool.ts";

/** It takes some 20 ms; a host on which VMs are started by the dozen was seen to take seconds. */
const TRIAL_MS = 60_000;

/** Obstacle to a jail. */
export interface JailProblem {
  readonly detail: string;
  /** There is no bubblewrap. */
  readonly isMissing: boolean;
}

/**
 * Finds what stands in the way of such a jail; undefined when one works. @param signal ends the trial, with its reason.
 */
export async function jailProblem(
  jail: Pick<JailPlan, "user" | "filter"> = {},
  signal?: AbortSignal,
): Promise<JailProblem | undefined> {
  const launch = planLaunch({ jail: { readOnly: [], writable: [], cwd: "/", ...jail }, argv: ["true"] });
  try {
    const { success, code, stderr } = await tryToolWithin(
      { ...launch, leadsGroup: true, signal },
      TRIAL_MS,
      "a program in a jail",
    );
    if (success) return undefined;
    const isMissing = code === 127 && /\bbwrap: not found/.test(stderr);
    return { detail: stderr.trim() || "it failed without a word", isMissing };
  } catch (error) {
    signal?.throwIfAborted();
    return { detail: describeError(error), isMissing: false };
  }
}
