/**
 * Places in the real cgroup tree that berth is started in, and what it says there; for tests in the test host.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { type ErrorCode, ERRORS } from "../../../lib/base/errors.ts";
import type { Report } from "../../../lib/job/report.ts";
import { berth, type Outcome, SCRATCH, shell } from "../berth.ts";

/** The tree as berth sees it, when nobody has hidden it. */
export const CGROUPS = "/sys/fs/cgroup";

/** How berth is called. */
export interface Call {
  /** Of `berth run`, beside those of the test itself. */
  readonly flags?: readonly string[];
  /** In front of the command line. */
  readonly wrapper?: readonly string[];
  /** Where the report goes, for a user who can't write where root does. */
  readonly folder?: string;
}

/** What a berth that ended said, and what its report says. */
export interface Told extends Outcome {
  readonly report: Partial<Report>;
}

/** Runs a job with this need of limits. */
export async function runJob(limits: "auto" | "require" | "off", call: Call, ...argv: string[]): Promise<Told> {
  const report = `${call.folder ?? SCRATCH}/report-${crypto.randomUUID()}.json`;
  await Deno.mkdir(SCRATCH, { recursive: true });
  const args = ["run", "--limits", limits, "--report", report, ...(call.flags ?? []), "--", ...argv];
  const outcome = await berth(args, { wrapper: call.wrapper });
  // A wrong call has none.
  const text = await shell('cat "$1" 2>/dev/null || echo {}', report);
  // One that could not begin leaves it empty.
  return { ...outcome, report: JSON.parse(text || "{}") };
}

/** Who enforces each limit, as the report says. */
export function enforcersIn({ limits = {} }: Partial<Report>): Record<string, string> {
  return Object.fromEntries(Object.entries(limits).map(([name, limit]) => [name, limit.enforcedBy]));
}

/** Without a group, QEMU's own limits are all that there is. */
export const WITHOUT_GROUP = {
  memoryMaxBytes: "none",
  pidsMax: "rlimit",
  cpuQuotaPercent: "none",
  addressSpaceBytes: "rlimit",
  cpuSeconds: "rlimit",
};

/** Where limits are required there is no job: berth says what is wrong, and what to do. */
export async function assertRefuses(code: ErrorCode, words: string, call: Call): Promise<void> {
  const { code: status, stdout, stderr, report } = await runJob("require", call, "echo", "ran");
  assertEquals([status, stdout], [125, ""], stderr);
  assertStringIncludes(stderr, words);
  assertStringIncludes(stderr, ERRORS[code]);
  assertEquals([report.verdict, report.attempts], ["infra", 0]);
}

/** Where they are not, the job runs, and what is not enforced is said twice. */
export async function assertDegrades(words: string, call: Call): Promise<void> {
  const { code, stdout, stderr, report } = await runJob("auto", call, "echo", "ran");
  assertEquals([code, stdout], [0, "ran\n"], stderr);
  assertStringIncludes(stderr, "berth: not enforced by a cgroup: memory.max, pids.max, cpu.max: ");
  assertStringIncludes(stderr, words);
  // Of a user's own processes QEMU is one among others.
  assertEquals(enforcersIn(report), call.folder === undefined ? WITHOUT_GROUP : { ...WITHOUT_GROUP, pidsMax: "none" });
}

/** In a mount namespace of its own, in which this script has been run. */
export function behind(script: string): string[] {
  return ["unshare", "--mount", "--propagation", "private", "sh", "-ec", `${script}\nexec "$@"`, "sh"];
}

/** Prints the `pids.max` of the VM's group below a parent, as the host sees it while the VM runs. */
export function lookingInto(parent: string): string[] {
  const look = `for i in $(seq 600); do cat ${parent}/vm-*/pids.max 2>/dev/null && break; sleep 0.1; done`;
  return ["sh", "-c", `(${look}) & "$@"; status=$?; wait; exit $status`, "sh"];
}

/** Takes every view on the tree away. */
export const UNMOUNT = `umount -l /run/test-host/cgroup; umount -l ${CGROUPS}`;

/** In a scope of the system's manager. */
export function inScope(...properties: string[]): string[] {
  return ["systemd-run", "--scope", "--quiet", "--unit=berth-test", ...properties.flatMap((one) => ["-p", one])];
}

/** Where that scope is. */
export const SCOPE = `${CGROUPS}/system.slice/berth-test.scope`;

/** A service inherits nothing: these are what a berth that runs from source in the test host is to have. */
const ENVIRONMENT = ["BERTH_STATE", "HOME", "DENO_DIR", "DENO_NO_UPDATE_CHECK", "NO_COLOR"];

/** In a service of the system's manager, whose output and exit status are those of systemd-run. */
export function inService(...properties: string[]): string[] {
  const flags = ["--wait", "--pipe", "--quiet", "--collect", "--unit=berth-test"];
  const environment = ENVIRONMENT.map((name) => `--setenv=${name}`);
  return ["systemd-run", ...flags, ...properties.flatMap((one) => ["-p", one]), ...environment, "--"];
}

/** Where that service is. */
export const SERVICE = `${CGROUPS}/system.slice/berth-test.service`;

/**
 * Makes `outer/inner` right below the tree's root, with these controllers handed on to `inner`, and removes both again.
 *
 * @param use gets the path of `inner`.
 */
export async function withGroup(controllers: readonly string[], use: (path: string) => Promise<void>): Promise<void> {
  const outer = `${CGROUPS}/hand-made-${crypto.randomUUID().slice(0, 8)}`;
  const words = controllers.map((name) => `+${name}`).join(" ");
  await shell(
    `for name in memory pids cpu io cpuset; do echo "+$name" >${CGROUPS}/cgroup.subtree_control; done
     mkdir "$1" && echo "$2" >"$1/cgroup.subtree_control" && mkdir "$1/inner"`,
    outer,
    words,
  );
  try {
    await use(`${outer}/inner`);
  } finally {
    // A group's last process is a zombie for a moment.
    await shell(
      'echo 1 >"$1/cgroup.kill"; for i in $(seq 50); do find "$1" -depth -type d -exec rmdir {} + 2>/dev/null && break; ' +
        'sleep 0.1; done; [ ! -e "$1" ]',
      outer,
    );
  }
}

/** The uid of a user who has nothing but a home. */
export const UID = "1234";
export const HOME = "/home/ci";

/** Makes that user. */
export async function makeUser(): Promise<void> {
  await shell('getent passwd "$1" >/dev/null || useradd --create-home --shell /bin/sh --uid "$1" ci', UID);
}

/** As that user, with a state folder of its own. */
export function asUser(): string[] {
  const environment = [`HOME=${HOME}`, `BERTH_STATE=${HOME}/state`, `XDG_RUNTIME_DIR=/run/user/${UID}`];
  return ["setpriv", "--reuid", UID, "--regid", UID, "--clear-groups", "env", ...environment];
}
