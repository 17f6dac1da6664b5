/**
 * How a VMM comes to life: it is tied to berth, joins its cgroup, enters its jail, and only then is the VMM. Pure, but for
 * this process's own id.
 *
 * @module
 */

import { FILTER_FD, type JailPlan, planBubble } from "./jail.ts";
import { BECOME, type Command, EXPECT_PARENT, LEAD, type ShellStep, tieBy } from "./tie_to_parent.ts";

/** Number of the file descriptor of a program's input file; see {@linkcode FILTER_FD}. */
export const INPUT_FD = 8;

/** Limits of each process for itself (setrlimit), which children inherit and nobody can raise again. */
export interface Rlimits {
  /** `ulimit -v`; the kernel counts reserved address space, not used memory. */
  readonly addressSpaceBytes: number;
  /** `ulimit -t`; the process gets SIGXCPU. */
  readonly cpuSeconds: number;
  /**
   * `ulimit -u`: the kernel counts the processes and threads of the user, so it is for a program that becomes a user of
   * its own. Until then it is root, whom this limit does not stop.
   */
  readonly pidsMax?: number;
}

/** Program, what it is born with, and its jail. */
export interface LaunchPlan {
  /** The folder of the cgroup to be born in. */
  readonly cgroup?: string;
  /** Limits of last resort, where there is no cgroup. */
  readonly rlimits?: Rlimits;
  /** `ulimit -f`: how long a file may become by its writing. It gets SIGXFSZ for more. */
  readonly fileBytes?: number;
  /** A file that the program finds open as {@linkcode INPUT_FD}, to be read, whether or not it could open it itself. */
  readonly input?: string;
  readonly jail?: JailPlan;
  readonly argv: readonly string[];
}

/** What the shell says behind its own words when it can't join the group, or can start nothing in there. */
const REFUSED = "berth-launch: no way into the group";
const REFUSED_STATUS = 125;

/** Words of the shell on why a launched program has not joined its group; undefined for any other end. */
export function refusedJoin({ code, words }: { readonly code: number; readonly words: string }): string | undefined {
  const [last, ...before] = words.trimEnd().split("\n").toReversed();
  return code === REFUSED_STATUS && last === REFUSED ? before[0] ?? "" : undefined;
}

/**
 * Joins the group, and starts a process in there: a shell that can't fork ends at once, whatever stands behind it, which
 * only a trap sees. Also puts an end to an inherited protection from the out-of-memory killer, which a service may have
 * (OOMScoreAdjust=-1000): with it the VMM would outlive its group's limit. Everybody may give that up.
 */
const JOIN = `trap 'echo "${REFUSED}" >&2; exit ${REFUSED_STATUS}' EXIT && echo 0 >"$1/cgroup.procs" && (:) && ` +
  "trap - EXIT && shift && read -r adjust </proc/self/oom_score_adj && " +
  '{ [ "$adjust" -ge 0 ] || echo 0 >/proc/self/oom_score_adj; }';

/**
 * The command line of a launch. A session of its own keeps the terminal's Ctrl-C away; the parent's death does not: it
 * ends the program, with or without a jail. Around a jail a shell stays, of some 300 KiB, for the reason that
 * {@linkcode planJail} has.
 *
 * @param parent the id of the process that starts it.
 */
export function planLaunch(plan: LaunchPlan, parent = Deno.pid): Command {
  const { jail, argv } = plan;
  const steps = [{ script: EXPECT_PARENT, args: [String(parent)] }, ...stepsOf(plan)];
  if (plan.input !== undefined) steps.push({ script: `exec ${INPUT_FD}<"$1" && shift`, args: [plan.input] });
  if (jail?.filter) steps.push({ script: `exec ${FILTER_FD}<"$1" && shift`, args: [jail.filter] });
  const shell = jail ? planShell(steps, LEAD, [...planBubble(jail), ...argv]) : planShell(steps, BECOME, argv);
  return { command: "setsid", args: [...tieBy(jail ? "TERM" : "KILL"), ...shell] };
}

/** As with files; older ones of busybox call it p. */
const LIMIT_PROCESSES = "for kind in u p; do most=$(ulimit -H$kind 2>/dev/null) && break; done && " +
  '{ [ "$most" != unlimited ] && [ "$most" -le "$1" ] || ulimit -$kind "$1"; } && shift';

/** Whoever has set a lower limit than this has a reason. */
const LIMIT_FILES =
  '{ most=$(ulimit -Hf) && [ "$most" != unlimited ] && [ "$most" -le "$1" ] || ulimit -f "$1"; } && shift';

/** busybox's, as POSIX has it. */
const ULIMIT_BLOCK_BYTES = 512;

function stepsOf({ cgroup, rlimits, fileBytes }: LaunchPlan): ShellStep[] {
  const steps: ShellStep[] = [];
  if (cgroup) steps.push({ script: JOIN, args: [cgroup] });
  if (rlimits) {
    const args = [String(Math.floor(rlimits.addressSpaceBytes / 1024)), String(rlimits.cpuSeconds)];
    steps.push({ script: 'ulimit -v "$1" && ulimit -t "$2" && shift 2', args });
    if (rlimits.pidsMax !== undefined) steps.push({ script: LIMIT_PROCESSES, args: [String(rlimits.pidsMax)] });
  }
  if (fileBytes !== undefined) {
    steps.push({ script: LIMIT_FILES, args: [String(Math.ceil(fileBytes / ULIMIT_BLOCK_BYTES))] });
  }
  return steps;
}

/**
 * The command line of a shell that takes these steps upon itself before it becomes the program, or starts it: so not a
 * byte of the program's memory is charged to any other group. It is busybox's, which is linked statically: it starts in a
 * quarter of the time of the usual one (measured).
 */
function planShell(steps: readonly ShellStep[], last: string, argv: readonly string[]): string[] {
  const script = [...steps.map((step) => step.script), last].join(" && ");
  return ["busybox", "sh", "-c", script, "berth-launch", ...steps.flatMap((step) => step.args), ...argv];
}
