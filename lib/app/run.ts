/**
 * `berth run`: image, jail, accelerator, driver and plan are chosen here, and the job is run.
 *
 * @module
 */

import { BerthError, type ErrorCode } from "../base/errors.ts";
import { randomId, randomToken } from "../base/ids.ts";
import type { Driver } from "../cgroup/driver.ts";
import { FILE_OF, type LimitName, limitsIn } from "../cgroup/limits.ts";
import { expectDevices, openDriver } from "../cgroup/open.ts";
import { parseParent } from "../cgroup/parent.ts";
import { parseDevice } from "../cgroup/systemd/devices.ts";
import { HELLO_MS, Hub } from "../guest/hub.ts";
import { type CgroupFacts, readCgroupFacts } from "../host/cgroup_facts.ts";
import { KnownHostFile } from "../host/known_host.ts";
import { AGENT_SOCKET, IMAGE, STATE } from "../host/windows.ts";
import { ensureCurrent } from "../image/ensure_current.ts";
import { pinImage, type PinnedImage } from "../image/pinned_image.ts";
import { DEFAULT_IMAGE } from "../image/names.ts";
import { loadImageFolder } from "../image/store.ts";
import { type JobPlan, noCommand, planJob, type SeenRequest } from "../job/plan.ts";
import type { Sink } from "../job/output/source.ts";
import type { JobIo } from "../job/io.ts";
import { runJob } from "../job/run.ts";
import type { Told } from "../job/events.ts";
import type { Tell } from "../machine/events.ts";
import { limitsOf } from "../job/request/group.ts";
import { bothNames } from "../job/request/names.ts";
import { imageFolder, type JobRequest } from "../job/request/request.ts";
import type { StopRequest } from "../job/stop.ts";
import type { Booted } from "../vmm/accelerator.ts";
import { type ChoiceIo, chooseAccelerator } from "../vmm/choose_accelerator.ts";
import { learnFromBoot } from "../vmm/learn_from_boot.ts";
import type { VmmBackend } from "../vmm/vmm.ts";
import { seeRequest } from "./see_request.ts";
import { buildHost, HOST_OF_GROUPS, openCaches, openStore, openTemplates } from "./stores.ts";
import { chooseTemplates } from "./templates.ts";
import { isKvmDenied, type JailTrial } from "./jail_trial.ts";
import { loadVmm, VMM_TRAITS } from "./vmm.ts";
import type { Words } from "./words.ts";

/** What goes on already when this program is loaded, and belongs to the caller. */
export interface Begun {
  /** Hears the signals. */
  readonly stop: StopRequest;
  readonly trial: JailTrial;
}

/** Where its output goes, and who is told how it goes. */
export interface RunIo {
  readonly words: Pick<Words, "note">;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Absent: the job's input is empty. */
  readonly stdin?: ReadableStream<Uint8Array>;
  /** Told of each event of the job as it happens, before anything else does. */
  readonly tell: Tell<Told>;
  /** Called as soon as it is known how the job ended: what fails behind that changes nothing of it. */
  readonly onEnd: (plan: JobPlan, told: readonly Told[]) => Promise<void>;
}

/**
 * Runs a job to its end.
 *
 * @throws what has kept it from beginning. What goes wrong in a job that began is in its result.
 */
export async function runRequest(asked: JobRequest, begun: Begun, io: RunIo): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const notes: string[] = [];
  const note = (text: string) => {
    notes.push(text);
    io.words.note(text);
  };
  const { plan, host } = await compose(asked, begun, { note }, stack);
  const { stdout, stderr, stdin, tell } = io;
  const told = await runJob(plan, { ...host, notes, stdout, stderr, stdin, stop: begun.stop, tell });
  await io.onEnd(plan, told);
}

/** A job's plan, and what of this host its machine is connected to. */
export interface Composed {
  readonly plan: JobPlan;
  readonly host: Omit<JobIo, "notes" | "stdout" | "stderr" | "stdin" | "stop" | "tell">;
}

/**
 * Chooses what a job is run by: image, jail, accelerator, driver, plan.
 *
 * @param stack owns what is opened, and is to be there until the job is over.
 */
export async function compose(
  asked: JobRequest,
  { stop, trial }: Begun,
  words: RunIo["words"],
  stack: AsyncDisposableStack,
): Promise<Composed> {
  const facts = await readCgroupFacts();
  const request = await seeRequest(asked, facts);
  const image = stack.use(await openImage(request, stop.requested, words));
  const [vmm, known] = [await loadVmm(), new KnownHostFile()];
  // What is wrong with the job itself is found before anything of the host is touched for it.
  const plan = await planRequest(request, { image, trial, words, vmm, host: known, stop: stop.requested });
  // Its processes would be in the way of who empties a group.
  await trial.ended;
  stop.requested.throwIfAborted();
  const driver = await chooseDriver(request, plan, facts, words);
  if (driver) stack.use(driver);
  const unenforceable = chooseUnenforced(plan, request, driver, words);
  const chosen = await chooseTemplates(request, plan, { image, store: openTemplates(), host: known });
  const host = {
    ...chosen,
    hub: stack.use(Hub.listen(AGENT_SOCKET, HELLO_MS + 2 * plan.bootTimeoutMs)),
    vmm: stack.use(vmm.open()),
    driver,
    host: HOST_OF_GROUPS,
    caches: openCaches(),
    unenforceable,
    onBooted: (booted: Booted) => learnFromBoot(image.spec.kernel, booted, known),
  };
  return { plan, host };
}

/** What a plan is made by. */
interface PlanIo extends ChoiceIo, Pick<Begun, "trial">, Pick<RunIo, "words"> {
  readonly image: PinnedImage;
  readonly vmm: VmmBackend;
}

/** The plan, when jail and accelerator are known. */
async function planRequest(request: SeenRequest, io: PlanIo): Promise<JobPlan> {
  const { image, trial, words, vmm, stop } = io;
  const jailed = await trial.result;
  for (const note of trial.notes) words.note(note);
  const isDenied = await isKvmDenied(jailed?.jail.user !== undefined, vmm);
  const wish = { wanted: request.accel, kernel: image.spec.kernel, isDenied };
  const accelerator = await chooseAccelerator(wish, io);
  if (accelerator.note) words.note(accelerator.note);
  stop.throwIfAborted();
  const ids = { id: randomId(), token: randomToken(), nonce: randomToken(), jobs: `${STATE}/jobs` };
  return planJob(request, { ...ids, image, vmm, accelerator, jail: jailed?.jail });
}

/** The image, and its hold on the store's files; a folder is its owner's affair. */
async function openImage(request: JobRequest, signal: AbortSignal, words: RunIo["words"]): Promise<PinnedImage> {
  const folder = imageFolder(request);
  if (folder !== undefined) {
    // By the user's own name for it, which no image of the store can have.
    return { ...await loadImageFolder(IMAGE), name: folder, [Symbol.dispose]: () => {} };
  }
  const store = openStore();
  const { image: name, command } = request;
  // The default image has no command of its own: it is not built to find that out.
  if (command.length === 0 && name === DEFAULT_IMAGE && !await store.has(name)) throw noCommand(name);
  await ensureCurrent(store, buildHost(), name, { signal, onProgress: (line) => words.note(line) });
  return await pinImage(store, name);
}

/** What a wrong call is, and nothing that a job could do without. */
const NEVER_DEGRADES = ["usage.value", "cgroup.form", "cgroup.parent"];

/** Opens whoever makes groups here; without, a job that may do without gets the limits of last resort. */
async function chooseDriver(
  request: JobRequest,
  { limits, vm }: JobPlan,
  facts: CgroupFacts,
  words: RunIo["words"],
): Promise<Driver | undefined> {
  if (request.limits === "off") return undefined;
  expectDevices(request.devices, facts, bothNames("devices"));
  const { cgroupDriver: driver, supervisorMemoryBytes, devices } = request;
  const parent = parseParent(request.cgroupParent, driver);
  const onWarning = (message: string) => words.note(message);
  try {
    return await openDriver({ driver, parent, supervisorMemoryBytes, devices, onWarning }, facts);
  } catch (error) {
    const degrades = error instanceof BerthError && !NEVER_DEGRADES.includes(error.code);
    if (request.limits === "require" || !degrades) throw error;
    const files = limitsIn(limits).map((name) => FILE_OF[name]).join(", ");
    const instead = vm.rlimits?.pidsMax === undefined ? "-v and -t" : "-v, -t and -u";
    words.note(
      `not enforced by a cgroup: ${files}: ${error.message} (${error.hint}); ${VMM_TRAITS.title} gets ulimit ${instead} instead`,
    );
    return undefined;
  }
}

/** What of the plan the driver can't enforce: an error where limits are required, else said. */
function chooseUnenforced(
  plan: JobPlan,
  request: JobRequest,
  driver: Driver | undefined,
  words: RunIo["words"],
): LimitName[] {
  const leaveOut = (code: ErrorCode, message: string, isAsked = true) => {
    if (request.limits === "require" && isAsked) throw new BerthError(code, message);
    words.note(message);
  };
  const unenforceable = driver?.unenforceable({ ...plan.tenant?.limits, ...plan.limits }) ?? [];
  for (const { limit, reason } of unenforceable) {
    // A host without the cpu controller can still keep all that was asked of it.
    const isAsked = limit !== "cpuQuotaPercent" || [limitsOf(request), plan.tenant?.limits].some((one) => one?.[limit]);
    leaveOut("cgroup.controller", `not enforced: ${FILE_OF[limit]}: ${reason}`, isAsked);
  }
  // Without systemd it is the jail that has no other devices, but what it has can be read and written.
  if (driver?.name !== "systemd") {
    const loose = request.devices.find((text) => !plan.vm.jail || !parseDevice(text).access.startsWith("rw"));
    if (loose) {
      leaveOut(
        "cgroup.device",
        `not enforced: ${bothNames("devices")} ${loose}: only systemd limits access to a device`,
      );
    }
  }
  return unenforceable.map(({ limit }) => limit);
}
