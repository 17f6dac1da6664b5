/**
 * Jobs that run in the test host while a test looks at their VMs from outside.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { awaitVmm, type CallOptions, leftovers, type Outcome, SCRATCH, shell, start, STATE } from "../berth.ts";
import type { DriverName } from "../../../lib/cgroup/driver.ts";
import { type JobRecord, parseOwner } from "../../../lib/machine/owner.ts";
import type { Report } from "../../../lib/job/report.ts";

export const DRIVERS: readonly DriverName[] = ["cgroupfs", "systemd"];

/** The root of the tree, as shells see it. */
export const CGROUP_ROOT = "/sys/fs/cgroup";

let jobs = 0;

/** The flags of a driver, and what it needs around berth: cgroupfs gets a scope of its own, as of a unit with Delegate. */
export function withDriver(driver: DriverName): { flags: string[]; wrapper: string[] } {
  const scope = ["systemd-run", "--scope", "--quiet", `--unit=host-job-${++jobs}`, "-p", "Delegate=yes"];
  return { flags: ["--cgroup-driver", driver], wrapper: driver === "cgroupfs" ? scope : [] };
}

/** A job whose script has begun. Disposing ends it, however the test ended. */
export interface HostJob extends AsyncDisposable {
  readonly id: string;
  readonly record: JobRecord;
  /** The absolute path of the group that QEMU is in; {@linkcode JobRecord.cgroup} is the one that has the limits. */
  readonly vmGroup: string;
  /** QEMU's process id. */
  readonly qemu: string;
  /** How berth ended. */
  readonly ended: Promise<Outcome>;
  /** The report, once it has ended. */
  report(): Promise<Report>;
  /** Tells it to end as an operator does, checks that nothing is left, and returns the report. */
  end(): Promise<Report>;
}

/** What a job of a test is. */
export interface HostJobPlan {
  readonly driver: DriverName;
  readonly flags?: readonly string[];
  /** What it does before it prints "up" and sleeps. */
  readonly script?: string;
}

/** Starts a job, and waits until it has printed "up". There is one at a time. */
export async function startHostJob(plan: HostJobPlan, options: CallOptions = {}): Promise<HostJob> {
  const { flags, wrapper } = withDriver(plan.driver);
  const report = `${SCRATCH}/report-${jobs}.json`;
  const script = `${plan.script ?? ":"}; echo up; while :; do sleep 1; done`;
  const args = ["run", "--quiet", "--limits", "require", "--report", report, ...flags, ...plan.flags ?? []];
  const child = start([...args, "--", "sh", "-c", script], { wrapper, ...options });
  const [mine, theirs] = child.stdout.tee();
  const ended = outcomeOf(child, theirs);
  try {
    await awaitFirstBytes(mine, ended);
    const { id, record } = await findRecord();
    const vmGroup = record.driver === "systemd" ? `${record.cgroup}/vm` : record.cgroup;
    const qemu = await awaitVmm("there");
    const readReport = async () => JSON.parse(await Deno.readTextFile(report));
    return {
      ...{ id, record, vmGroup, qemu, ended, report: readReport },
      async end() {
        child.kill("SIGTERM");
        const { code, stderr } = await ended;
        assertEquals(code, 143, stderr);
        await expectNothingLeft();
        return await readReport();
      },
      [Symbol.asyncDispose]: () => stop(child, ended),
    };
  } catch (error) {
    await stop(child, ended);
    throw error;
  }
}

async function outcomeOf(child: Deno.ChildProcess, stdout: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Outcome> {
  const [out, stderr, { code }] = await Promise.all([
    new Response(stdout).bytes(),
    new Response(child.stderr).text(),
    child.status,
  ]);
  return { code, out, stdout: new TextDecoder().decode(out), stderr };
}

/** berth ends by itself when the boot fails, so this needs no deadline of its own. */
async function awaitFirstBytes(stream: ReadableStream<Uint8Array>, ended: Promise<Outcome>): Promise<void> {
  const reader = stream.getReader();
  const { done } = await reader.read();
  void reader.cancel();
  if (done) throw new Error(`the job did not come up: ${(await ended).stderr}`);
}

async function stop(child: Deno.ChildProcess, ended: Promise<Outcome>): Promise<void> {
  try {
    child.kill("SIGTERM");
  } catch {
    // It has ended by itself.
  }
  await ended;
}

/** The id and the record of the one job that runs. */
export async function findRecord(state = STATE): Promise<{ id: string; record: JobRecord }> {
  const owners = (await shell('cd "$1/jobs" && ls *.owner', state)).trim().split("\n");
  assertEquals(owners.length, 1, `${owners}`);
  const record = parseOwner(await Deno.readTextFile(`${state}/jobs/${owners[0]}`));
  return { id: owners[0].replace(".owner", ""), record: record as JobRecord };
}

/** The files of a group by name, without the newlines at their ends. */
export async function readFiles(group: string, names: readonly string[]): Promise<Record<string, string>> {
  const script = 'cd "$1" && shift && for name; do printf "%s\\0" "$(cat "$name")"; done';
  const contents = (await shell(script, group, ...names)).split("\0");
  return Object.fromEntries(names.map((name, index) => [name, contents[index]]));
}

/** The groups and units of VMs that are there, of either driver, wherever they are. A tenant's slice may stay. */
export async function vmGroups(): Promise<string[]> {
  const found = await shell(
    `find "$1" -mindepth 1 -type d \\( -name 'vm-*' -o -name 'tenant-*' -o -name 'berth-*.scope' \\)
     systemctl list-units --all --plain --no-legend 'berth-*.scope'`,
    CGROUP_ROOT,
  );
  return found.split("\n").filter((line) => line);
}

/** Makes a group for VMs, as a service has one, and removes it with whatever is in it by then. */
export async function withParent(path: string, use: () => Promise<void>): Promise<void> {
  await shell('mkdir -p "$1"', path);
  try {
    await use();
  } finally {
    await shell('find "$1" -depth -type d -exec rmdir {} +', path);
  }
}

/** Whatever a job has of the host is gone: processes, mounts, its folder, groups, units. */
export async function expectNothingLeft(state = STATE): Promise<void> {
  assertEquals(await leftovers(state), []);
  // Nobody else has VMs on this host. Those that have ended are the init process's to collect.
  assertEquals((await shell("pgrep -r R,S,D,T,t -lx 'qemu-system-x86|bwrap' || true")).trim(), "");
  assertEquals(await vmGroups(), []);
}

/** Waits until all groups and units of VMs are gone. */
export async function awaitNoVmGroups(): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if ((await vmGroups()).length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assertEquals(await vmGroups(), []);
}

/** The host process of the one job that runs: the process that has berth's windows, and is neither jailed nor a tool. */
export async function hostProcess(state = STATE): Promise<string> {
  const found = await shell(
    `for process in /proc/[0-9]*; do
      grep -q ' /run/berth ' $process/mounts 2>/dev/null &&
        tr '\\0' '\\n' <$process/environ 2>/dev/null | grep -qxF "BERTH_STATE=$1" && echo "\${process#/proc/}"
    done; true`,
    state,
  );
  assertEquals(found.trim().split("\n").length, 1, found);
  return found.trim();
}
