/**
 * Installs what berth needs of the host and the host lacks: says what and why, and lets apt do it. Where it can't (no
 * root, no apt) it says what to do by hand.
 *
 * It needs nothing but a shell itself.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { HOST_PATH, type HostProgram } from "../host/programs.ts";
import { tryToolWithin } from "../process/tool.ts";

/** Where all that apt says goes; where nobody may write there, to standard error. */
export const SETUP_LOG = "/var/log/berth-setup.log";

/** A look takes milliseconds. */
const LOOK_MS = 30_000;
/** Another apt is waited for, at most 5 minutes; the rest is a network's and a disk's. */
const STEP_MS = 30 * 60_000;
const LOCK_OPTION = "DPkg::Lock::Timeout=300";

/**
 * The names of those that are missing, a line each, and `apt-get` as such when it is there. The package busybox has a
 * busybox, too, but a dynamically linked one; berth's guest has no libraries.
 */
const LOOK = `command -v apt-get >/dev/null && echo +apt-get
for name; do command -v "$name" >/dev/null || echo "$name"; done
if grep -q /lib64/ld-linux /bin/busybox 2>/dev/null; then echo busybox; fi`;

/** Runs a step, all of whose words go to the log; the last of them are said when it fails. */
const STEP = `log=$1; shift
{ echo "$ $*" >>"$log"; } 2>/dev/null || exec "$@" >&2
"$@" >>"$log" 2>&1 </dev/null || { status=$?; tail -n 20 "$log" >&2; exit $status; }`;

/** What a host has. */
export interface HostSeen {
  readonly missing: readonly string[];
  readonly hasApt: boolean;
  /** Whether berth may install: it is root, and was not told to look only. */
  readonly mayInstall: boolean;
}

/** What is to be said and done. */
export interface SetupPlan {
  /** Of each program that is missing, and what to do where berth can't. */
  readonly words: readonly string[];
  /** The command lines of apt; none where there is nothing to do, or nobody who could. */
  readonly steps: readonly (readonly string[])[];
  /** Whether nothing is missing. */
  readonly isComplete: boolean;
}

/** Decides it. Pure. */
export function planSetup(programs: readonly HostProgram[], { missing, hasApt, mayInstall }: HostSeen): SetupPlan {
  const lacking = programs.filter(({ program }) => missing.includes(program));
  if (lacking.length === 0) return { words: [], steps: [], isComplete: true };
  const words = lacking.map(({ program, package: name, purpose }) =>
    `this host lacks ${program} (${name}), which ${purpose}`
  );
  const packages = [...new Set(lacking.map((one) => one.package))];
  if (!hasApt) {
    words.push(`there is no apt here: install what these packages of Debian's have: ${packages.join(" ")}`);
    return { words, steps: [], isComplete: false };
  }
  const install = ["install", "-y", "--no-install-recommends", ...packages];
  if (!mayInstall) {
    words.push(`install it as root: apt-get update && apt-get ${install.join(" ")}`);
    return { words, steps: [], isComplete: false };
  }
  const steps = [["apt-get", "update"], ["apt-get", "-o", LOCK_OPTION, ...install]];
  return { words, steps, isComplete: false };
}

/**
 * Looks, says and installs.
 *
 * @param say told a line at a time.
 * @returns whether the host has everything now.
 * @throws {BerthError} `process.failed` with the last words of a step that failed.
 */
export async function setUpHost(
  programs: readonly HostProgram[],
  mayInstall: boolean,
  say: (line: string) => void,
): Promise<boolean> {
  const plan = planSetup(programs, { ...await look(programs), mayInstall });
  for (const line of plan.words) say(line);
  for (const step of plan.steps) {
    say(`running: ${step.join(" ")} (its words are in ${SETUP_LOG})`);
    await runStep(step);
  }
  if (plan.isComplete || plan.steps.length === 0) return plan.isComplete;
  const { missing } = await look(programs);
  if (missing.length === 0) return true;
  throw new BerthError(
    "process.failed",
    `apt-get has installed its packages, and still there is no ${missing.join(", ")}`,
  );
}

async function look(programs: readonly HostProgram[]): Promise<Omit<HostSeen, "mayInstall">> {
  const args = ["-c", LOOK, "sh", ...programs.map(({ program }) => program)];
  const { stdout } = await tryToolWithin({ command: "sh", args }, LOOK_MS, "a look at the host's programs");
  const lines = stdout.split("\n").filter((line) => line);
  const names = programs.map(({ program }) => program);
  return { missing: lines.filter((line) => names.includes(line)), hasApt: lines.includes("+apt-get") };
}

async function runStep(step: readonly string[]): Promise<void> {
  const args = ["-c", STEP, "sh", SETUP_LOG, ...step];
  // dpkg asks nobody: there may be nobody.
  const env = { PATH: HOST_PATH, DEBIAN_FRONTEND: "noninteractive" };
  const what = step.slice(0, 2).join(" ");
  const { success, code, stderr } = await tryToolWithin({ command: "sh", args, env }, STEP_MS, what);
  if (!success) throw new BerthError("process.failed", `${what} ended with status ${code}: ${stderr.trim()}`);
}
