/**
 * How a VMM comes to life: it is tied to berth, joins its cgroup, enters its jail, and only then is the VMM. Pure, but for
 * this process's own id.
 *
 * @module
 */

import { type JailPlan, planBubble } from "./jail.ts";
import { BECOME, type Command, EXPECT_PARENT, LEAD, tieBy } from "./tied.ts";

/** Limits of each process for itself (setrlimit), which children inherit and nobody can raise again. */
export interface Rlimits {
  /** `ulimit -v`; the kernel counts reserved address space, not used memory. */
  readonly addressSpaceBytes: number;
  /** `ulimit -t`; the process gets SIGXCPU. */
  readonly cpuSeconds: number;
}

/** What a program is born with. */
export interface BirthPlan {
  /** The folder of the cgroup to be born in. */
  readonly cgroup?: string;
  /** Limits of last resort, where there is no cgroup. */
  readonly rlimits?: Rlimits;
}

/** What surrounds the program. */
export interface LaunchPlan extends BirthPlan {
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
 * The command line of a launch. A session of its own keeps the terminal's Ctrl-C away; the parent's death does not: it
 * ends the program, with or without a jail. Around a jail a shell stays, of some 300 KiB, for the reason that
 * {@linkcode planJail} has.
 *
 * @param parent the id of the process that starts it.
 */
export function planLaunch({ cgroup, rlimits, jail, argv }: LaunchPlan, parent = Deno.pid): Command {
  const steps = [{ script: EXPECT_PARENT, args: [String(parent)] }, ...stepsOf({ cgroup, rlimits })];
  const birth = jail ? planShell(steps, LEAD, [...planBubble(jail), ...argv]) : planShell(steps, BECOME, argv);
  return { command: "setsid", args: [...tieBy(jail ? "TERM" : "KILL"), birth.command, ...birth.args] };
}

/**
 * The command line of a program that is born with limits: a shell takes them upon itself and then becomes the program,
 * so not a byte of the program's memory is charged to any other group.
 *
 * The shell is busybox's, which is linked statically: it starts in a quarter of the time of the usual one (measured).
 */
export function planBirth(plan: BirthPlan, argv: readonly string[]): Command {
  return planShell(stepsOf(plan), BECOME, argv);
}

/** What the shell does first; it takes the arguments of it away. */
interface Step {
  readonly script: string;
  readonly args: readonly string[];
}

function stepsOf({ cgroup, rlimits }: BirthPlan): Step[] {
  const steps: Step[] = [];
  if (cgroup) steps.push({ script: JOIN, args: [cgroup] });
  if (rlimits) {
    const args = [String(Math.floor(rlimits.addressSpaceBytes / 1024)), String(rlimits.cpuSeconds)];
    steps.push({ script: 'ulimit -v "$1" && ulimit -t "$2" && shift 2', args });
  }
  return steps;
}

function planShell(steps: readonly Step[], last: string, argv: readonly string[]): Command {
  const script = [...steps.map((step) => step.script), last].join(" && ");
  const args = steps.flatMap((step) => step.args);
  return { command: "busybox", args: ["sh", "-c", script, "berth-launch", ...args, ...argv] };
}
