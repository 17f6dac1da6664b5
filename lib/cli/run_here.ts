/**
 * `berth run` in the host process: sockets, image, plan, job, report, exit status.
 *
 * @module
 */

import { BerthError, describeError, type ErrorCode, translateRefusedWrite } from "../base/errors.ts";
import { randomId, randomToken } from "../base/ids.ts";
import { writeAll } from "../base/write_all.ts";
import type { Driver } from "../cgroup/driver.ts";
import { FILE_OF, type LimitName, limitsIn, withDiskNumbers } from "../cgroup/limits.ts";
import { expectDevices, openDriver } from "../cgroup/open.ts";
import { parseDevice } from "../cgroup/systemd/devices.ts";
import { HELLO_MS, Hub } from "../guest/hub.ts";
import { type CgroupFacts, readCgroupFacts } from "../host/cgroup_facts.ts";
import { groupsFor } from "../host/nodes.ts";
import { AGENT_SOCKET, IMAGE, QMP_SOCKET, REPORT, STATE, volumeWindow } from "../host/windows.ts";
import { loadFresh } from "../image/fresh.ts";
import { type HeldImage, holdImage } from "../image/held.ts";
import { DEFAULT_IMAGE } from "../image/names.ts";
import { loadImageFolder } from "../image/store.ts";
import { type JobPlan, noCommand, planJob } from "../job/plan.ts";
import { type JobResult, planEarlyReport, planReport, type Report } from "../job/report.ts";
import { type JobEvent, runJob } from "../job/run.ts";
import type { OnPoint } from "../job/points.ts";
import type { JobSpec } from "../job/spec.ts";
import type { StopRequest } from "../job/stop.ts";
import { decideVerdict, infra } from "../job/verdict.ts";
import { chooseAccelerator, learnFromBoot } from "../vmm/qemu/accelerator.ts";
import { QmpHub } from "../vmm/qemu/qmp.ts";
import { planConclusion } from "./conclusion.ts";
import { Console } from "./console.ts";
import { buildHost, openCaches, openStore } from "./image_host.ts";
import type { RunArgs } from "./run_args.ts";
import type { JailTrial } from "./vmm_jail.ts";

/** What goes on already when this program is loaded, and belongs to the caller. */
export interface Begun {
  /** Hears the signals. */
  readonly stop: StopRequest;
  readonly trial: JailTrial;
  readonly onPoint?: OnPoint;
}

/** Runs the job and returns berth's exit status. */
export async function runHere(
  args: RunArgs,
  begun: Begun,
  paths: readonly (readonly [string, string])[],
): Promise<number> {
  const { stop } = begun;
  await using console = new Console(args.quiet, paths);
  console.hurryOn(stop.requested);
  let ended: JobResult | undefined;
  try {
    await runJobHere(args, begun, { console, onEnd: (result) => ended = result });
    return ended!.verdict.status;
  } catch (error) {
    // What fails behind a job changes nothing of how that ended.
    if (ended) {
      console.error(error);
      return ended.verdict.status;
    }
    // Before there is a job there is nothing to clean up, only to say.
    const end = stop.reason
      ? { kind: "cancelled", by: stop.reason, isOver: false } as const
      : infra(translateRefusedWrite(error, STATE));
    const verdict = decideVerdict(end, { started: false });
    const image = "name" in args.image ? args.image.name : args.image.folder;
    await writeReport(args, planEarlyReport(image, args.spec.name, verdict), console);
    console.error(verdict.reason, verdict.hint);
    return verdict.status;
  }
}

/** Who is told how it goes. */
interface Told {
  readonly console: Console;
  readonly onEnd: (result: JobResult) => void;
}

async function runJobHere(args: RunArgs, { stop, trial, onPoint }: Begun, { console, onEnd }: Told): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const facts = await readCgroupFacts();
  const spec = { ...args.spec, groupLimits: withDiskNumbers(args.spec.groupLimits, facts.blockDevices) };
  const image = stack.use(await openImage(args, stop.requested, console));
  const jailed = await trial.result;
  for (const note of trial.notes) console.note(note);
  const isOther = jailed?.jail.user !== undefined;
  const isDenied = isOther && !await groupsFor("/dev/kvm");
  const { kernel } = image.spec;
  const accelerator = await chooseAccelerator({ wanted: args.spec.accel, kernel, isDenied }, stop.requested);
  if (accelerator.note) console.note(accelerator.note);
  stop.requested.throwIfAborted();
  const shown = await Promise.all(args.volumePaths.map(lookAtVolume));
  const inputs = { id: randomId(), token: randomToken(), image, accelerator, jail: jailed?.jail, shown };
  // What is wrong with the job itself is found before anything of the host is touched for it.
  const alone = planJob(spec, { ...inputs, contained: false });
  // Its processes would be in the way of who empties a group.
  await trial.ended;
  stop.requested.throwIfAborted();
  const driver = await chooseDriver(spec, alone, facts, console);
  if (driver) stack.use(driver);
  const plan = driver ? planJob(spec, { ...inputs, contained: true }) : alone;
  const unenforceable = chooseUnenforced(plan, spec, driver, console);
  const result = await runJob(plan, {
    hub: stack.use(Hub.listen(AGENT_SOCKET, HELLO_MS + 2 * plan.bootTimeoutMs)),
    qmpHub: stack.use(QmpHub.listen(QMP_SOCKET)),
    driver,
    caches: openCaches(),
    unenforceable,
    stdout: (bytes, onWritten) => writeAll(Deno.stdout, bytes, onWritten),
    stderr: (bytes, onWritten) => console.pass(bytes, onWritten),
    stdin: args.spec.stdin ? Deno.stdin.readable : undefined,
    stop,
    onPoint,
    notify: (event) => console.note(describeEvent(event)),
    onBooted: (booted) => learnFromBoot(kernel, booted),
  });
  onEnd(result);
  await conclude(args, plan, result, console);
}

/** The image, and its hold on the store's files; a folder is its owner's affair. */
async function openImage(args: RunArgs, signal: AbortSignal, console: Console): Promise<HeldImage> {
  if ("folder" in args.image) {
    // By the user's own name for it, which no image of the store can have.
    return { ...await loadImageFolder(IMAGE), name: args.image.folder, [Symbol.dispose]: () => {} };
  }
  const store = openStore();
  const { name } = args.image;
  // The default image has no command of its own: it is not built to find that out.
  if (args.spec.argv.length === 0 && name === DEFAULT_IMAGE && !await store.has(name)) throw noCommand(name);
  await loadFresh(store, buildHost(), name, { signal, onProgress: (line) => console.note(line) });
  return await holdImage(store, name);
}

/** Whether a volume's window shows a file or a folder; the windows are there for paths only. */
async function lookAtVolume(path: string | undefined, index: number): Promise<"file" | "folder" | undefined> {
  if (path === undefined) return undefined;
  const { isFile, isDirectory } = await Deno.stat(volumeWindow(index));
  if (isFile) return "file";
  if (isDirectory) return "folder";
  throw new BerthError("job.volume", `--volume ${path}: it is neither a file nor a folder`);
}

/** What a wrong call is, and nothing that a job could do without. */
const NEVER_DEGRADES = ["usage.value", "cgroup.form", "cgroup.parent"];

/** Opens whoever makes groups here; without, a job that may do without gets the limits of last resort. */
async function chooseDriver(
  spec: JobSpec,
  { limits, vm }: JobPlan,
  facts: CgroupFacts,
  console: Console,
): Promise<Driver | undefined> {
  if (spec.limits === "off") return undefined;
  expectDevices(spec.devices, facts);
  const { cgroupDriver: driver, cgroupParent: parent, supervisorMemoryBytes, devices } = spec;
  const onWarning = (message: string) => console.note(message);
  try {
    return await openDriver({ driver, parent, supervisorMemoryBytes, devices, onWarning }, facts);
  } catch (error) {
    const degrades = error instanceof BerthError && !NEVER_DEGRADES.includes(error.code);
    if (spec.limits === "require" || !degrades) throw error;
    const files = limitsIn(limits).map((name) => FILE_OF[name]).join(", ");
    const instead = vm.rlimits?.pidsMax === undefined ? "-v and -t" : "-v, -t and -u";
    console.note(
      `not enforced by a cgroup: ${files}: ${error.message} (${error.hint}); QEMU gets ulimit ${instead} instead`,
    );
    return undefined;
  }
}

/** What of the plan the driver can't enforce: an error where limits are required, else said. */
function chooseUnenforced(plan: JobPlan, spec: JobSpec, driver: Driver | undefined, console: Console): LimitName[] {
  const leaveOut = (code: ErrorCode, message: string, isAsked = true) => {
    if (spec.limits === "require" && isAsked) throw new BerthError(code, message);
    console.note(message);
  };
  const unenforceable = driver?.unenforceable({ ...plan.tenant?.limits, ...plan.limits }) ?? [];
  for (const { limit, reason } of unenforceable) {
    // A host without the cpu controller can still keep all that was asked of it.
    const isAsked = limit !== "cpuQuotaPercent" || [spec.groupLimits, plan.tenant?.limits].some((one) => one?.[limit]);
    leaveOut("cgroup.controller", `not enforced: ${FILE_OF[limit]}: ${reason}`, isAsked);
  }
  // Without systemd it is the jail that has no other devices, but what it has can be read and written.
  if (driver?.name !== "systemd") {
    const loose = spec.devices.find((text) => !plan.vm.jail || !parseDevice(text).access.startsWith("rw"));
    if (loose) leaveOut("cgroup.device", `not enforced: --device ${loose}: only systemd limits access to a device`);
  }
  return unenforceable.map(({ limit }) => limit);
}

function describeEvent(event: JobEvent): string {
  switch (event.kind) {
    case "left-out":
      return `artifact: left out ${event.what}`;
    case "note":
      return event.text;
  }
}

/** Writes the report, and says how it ended: what is said may wait for its reader. */
async function conclude(args: RunArgs, plan: JobPlan, result: JobResult, console: Console): Promise<void> {
  await writeReport(args, planReport(plan, result), console);
  for (const { text, hint } of planConclusion(plan, result)) console.error(text, hint);
}

async function writeReport(args: RunArgs, report: Partial<Report>, console: Console): Promise<void> {
  if (args.report === undefined) return;
  try {
    const named = (_key: string, value: unknown) => typeof value === "string" ? console.name(value) : value;
    await Deno.writeTextFile(REPORT, JSON.stringify(report, named, 2) + "\n");
  } catch (error) {
    console.error(`the report can't be written: ${describeError(error)}`);
  }
}
