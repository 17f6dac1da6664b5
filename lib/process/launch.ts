/**
 * How a VMM comes to life: it joins its cgroup, enters its jail, and only then is the VMM. Pure.
 *
 * @module
 */

import { type JailPlan, planJail } from "./jail.ts";

/** What surrounds the program. */
export interface LaunchPlan {
  /** The folder of the cgroup to be born in. */
  readonly cgroup?: string;
  readonly jail?: JailPlan;
  readonly argv: readonly string[];
}

/**
 * The command line of a launch.
 *
 * The shell writes its own id into `cgroup.procs` and then becomes the program, so not a byte of the program's memory
 * is charged to any other group. A session of its own keeps the terminal's Ctrl-C away; the parent's death does not:
 * it ends the program, with or without a jail.
 */
export function planLaunch(plan: LaunchPlan): { command: string; args: string[] } {
  const join = plan.cgroup
    ? { script: 'echo 0 >"$1/cgroup.procs" && shift && exec "$@"', args: [plan.cgroup] }
    : { script: 'exec "$@"', args: [] };
  const jail = plan.jail ? planJail(plan.jail) : ["setsid", "setpriv", "--pdeathsig", "KILL", "--"];
  return { command: "sh", args: ["-c", join.script, "berth-launch", ...join.args, ...jail, ...plan.argv] };
}
