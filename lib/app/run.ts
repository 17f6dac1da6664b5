/**
 * `berth run`: image, jail, accelerator, driver and plan are chosen here, and the job is run.
 *
 * @module
 */

import { BerthError, type ErrorCode } from "../base/errors.ts";
import { randomId, randomToken } from "../base/ids.ts";
import type { Driver } from "../cgroup/driver.ts";
import { FILE_OF, type LimitName, limitsIn, withDiskNumbers } from "../cgroup/limits.ts";
import { expectDevices, openDriver } from "../cgroup/open.ts";
import { parseDevice } from "../cgroup/systemd/devices.ts";
import { HELLO_MS, Hub } from "../guest/hub.ts";
import { type CgroupFacts, readCgroupFacts } from "../host/cgroup_facts.ts";
import { groupsFor } from "../host/nodes.ts";
import { AGENT_SOCKET, IMAGE, QMP_SOCKET, volumeWindow } from "../host/windows.ts";
import { ensureCurrent } from "../image/ensure_current.ts";
import { pinImage, type PinnedImage } from "../image/pinned_image.ts";
import { DEFAULT_IMAGE } from "../image/names.ts";
import { loadImageFolder } from "../image/store.ts";
import { type JobPlan, noCommand, planJob } from "../job/plan.ts";
import type { Sink } from "../job/output/source.ts";
import type { JobResult } from "../job/report.ts";
import { runJob } from "../job/run.ts";
import type { JobEvent } from "../job/io.ts";
import type { OnPoint } from "../job/points.ts";
import type { JobSpec } from "../job/spec.ts";
import type { StopRequest } from "../job/stop.ts";
import { chooseAccelerator, learnFromBoot } from "../vmm/qemu/accelerator.ts";
import { QmpHub } from "../vmm/qemu/qmp.ts";
import { buildHost, openCaches, openStore } from "./stores.ts";
import type { JailTrial } from "./jail_trial.ts";
import type { Words } from "./words.ts";

/** What goes on already when this program is loaded, and belongs to the caller. */
export interface Begun {
  /** Hears the signals. */
  readonly stop: StopRequest;
  readonly trial: JailTrial;
  readonly onPoint?: OnPoint;
}

/** What is to be run. */
export interface RunRequest {
  readonly spec: JobSpec;
  readonly image: { readonly name: string } | { readonly folder: string };
  /** The paths of the volumes as the user named them, in the order of `spec.volumes`; undefined for new ones. */
  readonly volumePaths: readonly (string | undefined)[];
}

/** Where its output goes, and who is told how it goes. */
export interface RunIo {
  readonly words: Pick<Words, "note">;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Absent: the job's input is empty. */
  readonly stdin?: ReadableStream<Uint8Array>;
  readonly notify: (event: JobEvent) => void;
  /** Called as soon as it is known how the job ended: what fails behind that changes nothing of it. */
  readonly onEnd: (plan: JobPlan, result: JobResult) => Promise<void>;
}

/**
 * Runs a job to its end.
 *
 * @throws what has kept it from beginning. What goes wrong in a job that began is in its result.
 */
export async function runRequest(args: RunRequest, { stop, trial, onPoint }: Begun, io: RunIo): Promise<void> {
  const { words } = io;
  await using stack = new AsyncDisposableStack();
  const facts = await readCgroupFacts();
  const spec = { ...args.spec, groupLimits: withDiskNumbers(args.spec.groupLimits, facts.blockDevices) };
  const image = stack.use(await openImage(args, stop.requested, words));
  const jailed = await trial.result;
  for (const note of trial.notes) words.note(note);
  const isOther = jailed?.jail.user !== undefined;
  const isDenied = isOther && !await groupsFor("/dev/kvm");
  const { kernel } = image.spec;
  const accelerator = await chooseAccelerator({ wanted: args.spec.accel, kernel, isDenied }, stop.requested);
  if (accelerator.note) words.note(accelerator.note);
  stop.requested.throwIfAborted();
  const shown = await Promise.all(args.volumePaths.map(lookAtVolume));
  const inputs = { id: randomId(), token: randomToken(), image, accelerator, jail: jailed?.jail, shown };
  // What is wrong with the job itself is found before anything of the host is touched for it.
  const alone = planJob(spec, { ...inputs, contained: false });
  // Its processes would be in the way of who empties a group.
  await trial.ended;
  stop.requested.throwIfAborted();
  const driver = await chooseDriver(spec, alone, facts, words);
  if (driver) stack.use(driver);
  const plan = driver ? planJob(spec, { ...inputs, contained: true }) : alone;
  const unenforceable = chooseUnenforced(plan, spec, driver, words);
  const result = await runJob(plan, {
    hub: stack.use(Hub.listen(AGENT_SOCKET, HELLO_MS + 2 * plan.bootTimeoutMs)),
    qmpHub: stack.use(QmpHub.listen(QMP_SOCKET)),
    driver,
    caches: openCaches(),
    unenforceable,
    stdout: io.stdout,
    stderr: io.stderr,
    stdin: io.stdin,
    stop,
    onPoint,
    notify: io.notify,
    onBooted: (booted) => learnFromBoot(kernel, booted),
  });
  await io.onEnd(plan, result);
}

/** The image, and its hold on the store's files; a folder is its owner's affair. */
async function openImage(args: RunRequest, signal: AbortSignal, words: RunIo["words"]): Promise<PinnedImage> {
  if ("folder" in args.image) {
    // By the user's own name for it, which no image of the store can have.
    return { ...await loadImageFolder(IMAGE), name: args.image.folder, [Symbol.dispose]: () => {} };
  }
  const store = openStore();
  const { name } = args.image;
  // The default image has no command of its own: it is not built to find that out.
  if (args.spec.argv.length === 0 && name === DEFAULT_IMAGE && !await store.has(name)) throw noCommand(name);
  await ensureCurrent(store, buildHost(), name, { signal, onProgress: (line) => words.note(line) });
  return await pinImage(store, name);
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
  words: RunIo["words"],
): Promise<Driver | undefined> {
  if (spec.limits === "off") return undefined;
  expectDevices(spec.devices, facts);
  const { cgroupDriver: driver, cgroupParent: parent, supervisorMemoryBytes, devices } = spec;
  const onWarning = (message: string) => words.note(message);
  try {
    return await openDriver({ driver, parent, supervisorMemoryBytes, devices, onWarning }, facts);
  } catch (error) {
    const degrades = error instanceof BerthError && !NEVER_DEGRADES.includes(error.code);
    if (spec.limits === "require" || !degrades) throw error;
    const files = limitsIn(limits).map((name) => FILE_OF[name]).join(", ");
    const instead = vm.rlimits?.pidsMax === undefined ? "-v and -t" : "-v, -t and -u";
    words.note(
      `not enforced by a cgroup: ${files}: ${error.message} (${error.hint}); QEMU gets ulimit ${instead} instead`,
    );
    return undefined;
  }
}

/** What of the plan the driver can't enforce: an error where limits are required, else said. */
function chooseUnenforced(
  plan: JobPlan,
  spec: JobSpec,
  driver: Driver | undefined,
  words: RunIo["words"],
): LimitName[] {
  const leaveOut = (code: ErrorCode, message: string, isAsked = true) => {
    if (spec.limits === "require" && isAsked) throw new BerthError(code, message);
    words.note(message);
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
