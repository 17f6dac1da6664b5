/**
 * How a VMM comes to life: it joins its cgroup, enters its jail, and only then is the VMM. Pure.
 *
 * @module
 */

import { type JailPlan, planJail } from "./jail.ts";

/** Limits of each process for itself (setrlimit), which children inherit and nobody can raise again. */
export interface Rlimits {
  /** `ulimit -v`; the kernel counts reserved address space, not used memory. */
  readonly addressSpaceBytes: number;
  /** `ulimit -t`; the process gets SIGXCPU. */
  readonly cpuSeconds: number;
}

/** What surrounds the program. */
export interface LaunchPlan {
  /** The folder of the cgroup to be born in. */
  readonly cgroup?: string;
  /** Limits of last resort, where there is no cgroup. */
  readonly rlimits?: Rlimits;
  readonly jail?: JailPlan;
  readonly argv: readonly string[];
}

/**
 * Joins the group. Also puts an end to an inherited protection from the out-of-memory killer, which a service may have
 * (OOMScoreAdjust=-1000): with it the VMM would outlive its group's limit. Everybody may give that up.
 */
const JOIN = 'echo 0 >"$1/cgroup.procs" && shift && read -r adjust </proc/self/oom_score_adj && ' +
  '{ [ "$adjust" -ge 0 ] || echo 0 >/proc/self/oom_score_adj; }';

/**
 * The command line of a launch.
 *
 * The shell writes its own id into `cgroup.procs` and then becomes the program, so not a byte of the program's memory
 * is charged to any other group. A session of its own keeps the terminal's Ctrl-C away; the parent's death does not:
 * it ends the program, with or without a jail.
 */
export function planLaunch(plan: LaunchPlan): { command: string; args: string[] } {
  const steps: { script: string; args: string[] }[] = [];
  if (plan.cgroup) steps.push({ script: JOIN, args: [plan.cgroup] });
  if (plan.rlimits) {
    const { addressSpaceBytes, cpuSeconds } = plan.rlimits;
    const args = [String(Math.floor(addressSpaceBytes / 1024)), String(cpuSeconds)];
    steps.push({ script: 'ulimit -v "$1" && ulimit -t "$2" && shift 2', args });
  }
  const script = [...steps.map((step) => step.script), 'exec "$@"'].join(" && ");
  const jail = plan.jail ? planJail(plan.jail) : ["setsid", "setpriv", "--pdeathsig", "KILL", "--"];
  const args = steps.flatMap((step) => step.args);
  return { command: "sh", args: ["-c", script, "berth-launch", ...args, ...jail, ...plan.argv] };
}
