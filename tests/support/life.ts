/**
 * Whole lives of jobs in this process: a real machine of berth's with a fake VMM and guest, on real sockets, real files
 * and a tree of cgroups that says no where the kernel does.
 *
 * @module
 */

// @ts-types="./assert.d.ts"
import { assertEquals } from "@std/assert";
import { exists } from "@std/fs";
import { within } from "../../lib/base/deadline.ts";
import { randomToken } from "../../lib/base/ids.ts";
import { openCgroupfs } from "../../lib/cgroup/cgroupfs.ts";
import { Hub } from "../../lib/guest/hub.ts";
import { CacheStore } from "../../lib/disk/cache.ts";
import type { Told } from "../../lib/job/events.ts";
import { type JobPlan, planJob } from "../../lib/job/plan.ts";
import { runJob } from "../../lib/job/run.ts";
import type { PartialRequest } from "../../lib/job/request/request.ts";
import { StopRequest } from "../../lib/job/stop.ts";
import { type JobResult, summarize } from "../../lib/job/summary.ts";
import { type Point, POINTS } from "../../lib/machine/points.ts";
import { FakeCgroupFs } from "./cgroup/fake_cgroup_fs.ts";
import { LEAST_INPUTS, LEAST_REQUEST } from "./job_plan.ts";
import { socketPath } from "./socket.ts";
import { temporaryFolder } from "./temp.ts";
import type { Play } from "./vmm/fake_guest.ts";
import type { FakeTemplates } from "./vmm/fake_templates.ts";
import { FakeVmm } from "./vmm/fake_vmm.ts";

/** What can be broken. */
export interface Scene {
  readonly vmm: FakeVmm;
  readonly tree: FakeCgroupFs;
  readonly stop: StopRequest;
  /** The job's folder. */
  readonly folder: string;
  /** The folder that the artifact comes out into. */
  readonly artifacts: string;
  /** The folder of caches; it may not be there. */
  readonly caches: string;
  /** The socket that guests dial into. */
  readonly socket: string;
  /** Its reader goes away. */
  closeOutput(): void;
  /** Its reader takes nothing any more, as long as the job lives. */
  holdOutput(): void;
}

/** A life. */
export interface Life {
  readonly play: Play;
  readonly spec?: PartialRequest;
  /** Changes the plan. */
  readonly plan?: (plan: JobPlan) => JobPlan;
  readonly onBooted?: () => Promise<void>;
  readonly notes?: readonly string[];
  /** Saved states; absent: nobody wants any. */
  readonly templates?: FakeTemplates;
  /** Its input; absent: it has none. */
  readonly input?: string;
  /** What breaks the input behind that. */
  readonly breaksInput?: (scene: Scene) => unknown;
  /** Before it begins. */
  readonly before?: (scene: Scene) => void;
  /** When the fault comes, once; absent: at no point. */
  readonly at?: Point;
  /** Resolves when nothing of it is still to come. */
  readonly fault?: (scene: Scene) => void | Promise<void>;
}

/** What is to be seen of it. */
export interface Lived {
  readonly plan: JobPlan;
  readonly told: readonly Told[];
  readonly result: JobResult;
  readonly stdout: string;
  readonly scene: Scene;
  /** What came out as the artifact; undefined where nothing did. */
  readonly artifact?: string;
  /** What it has left on its host. */
  readonly left: readonly string[];
  /** The folders of caches that were kept. */
  readonly kept: readonly string[];
}

/** No life takes so long: beyond it, it hangs. */
const LIMIT_MS = 30_000;
let count = 0;

/** Where guests dial in, of all lives of a test. */
export interface Door extends AsyncDisposable {
  readonly hub: Hub;
  readonly socket: string;
}

export async function openDoor(): Promise<Door> {
  await using stack = new AsyncDisposableStack();
  const socket = stack.use(await socketPath("life"));
  const hub = stack.use(Hub.listen(socket.path));
  const owned = stack.move();
  return { hub, socket: socket.path, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Lives one life in a folder and a tree of its own. */
export async function live(life: Life, { hub, socket }: Door): Promise<Lived> {
  await using home = await temporaryFolder();
  await using vmm = new FakeVmm(socket, life.play);
  const tree = new FakeCgroupFs({ top: "group" });
  await using driver = await openCgroupfs(tree);
  const stop = new StopRequest();
  const plan = await planLife(life, home.path, vmm);
  let [stdout, isClosed, isHeld, isBroken] = ["", false, false, false];
  const over = Promise.withResolvers<void>();
  let broken: void | Promise<void> = undefined;
  const scene: Scene = {
    ...{
      vmm,
      tree,
      stop,
      socket,
      folder: plan.vm.folder,
      artifacts: `${home.path}/out`,
      caches: `${home.path}/caches`,
    },
    closeOutput: () => void (isClosed = true),
    holdOutput: () => void (isHeld = true),
  };
  life.before?.(scene);
  const lived = runJob(plan, {
    ...{ hub, vmm, driver, unenforceable: [], stop, notes: life.notes, templates: life.templates },
    host: { readBootId: () => Promise.resolve("boot"), readGoneGroups: () => Promise.resolve(new Set<string>()) },
    caches: new CacheStore(`${home.path}/caches`),
    stdin: life.input === undefined ? undefined : inputOf(life.input, () => life.breaksInput?.(scene)),
    stdout: (bytes, onWritten) => {
      if (isClosed) return Promise.reject(new Deno.errors.BrokenPipe("Broken pipe (os error 32)"));
      if (isHeld) return over.promise;
      stdout += new TextDecoder().decode(bytes);
      onWritten?.(bytes.length);
      return Promise.resolve();
    },
    stderr: () => Promise.resolve(),
    onBooted: life.onBooted ?? (() => Promise.resolve()),
    tell: (event) => {
      if (event.kind !== "point" || event.point !== life.at || isBroken) return;
      isBroken = true;
      broken = life.fault?.(scene);
    },
  });
  const told = await within(lived, LIMIT_MS, "the job");
  over.resolve();
  await broken;
  const artifact = await Deno.readTextFile(`${home.path}/out/artifact`).catch(() => undefined);
  const kept = await keptOf(`${home.path}/caches`);
  const left = await leftOf(home.path, scene);
  if (life.templates?.unfinished) left.push("an unfinished template");
  return { plan, told, result: summarize(told), stdout, scene, artifact, left, kept };
}

function inputOf(text: string, breaks: () => unknown): ReadableStream<Uint8Array> {
  return ReadableStream.from((async function* () {
    yield new TextEncoder().encode(text);
    const error = await breaks();
    if (error) throw error;
  })());
}

async function planLife({ spec, plan = (same) => same }: Life, home: string, vmm: FakeVmm): Promise<JobPlan> {
  await Deno.mkdir(`${home}/jobs`);
  await Deno.mkdir(`${home}/out`);
  const id = `life${String(++count).padStart(8, "0")}`;
  const asked = {
    ...LEAST_REQUEST,
    artifacts: [{ guest: "/artifact", host: "out" }],
    artifactOn: "always" as const,
    drain: "true",
    ...spec,
  };
  const { jail: _none, ...inputs } = LEAST_INPUTS;
  const planned = planJob({ ...asked, bootTimeoutMs: spec?.bootTimeoutMs ?? 20_000 }, {
    ...inputs,
    ...{ id, token: randomToken(), nonce: randomToken(), vmm, jobs: `${home}/jobs` },
  });
  const artifacts = planned.artifacts.map((target) => ({ ...target, folder: `${home}/out` }));
  return plan({ ...planned, artifacts });
}

/** The folders of caches with something in them. */
async function keptOf(caches: string): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir(caches)).catch(() => [])).map(({ name }) => name);
  const isKept = await Promise.all(names.map((name) => exists(`${caches}/${name}/disk.ext4`)));
  return names.filter((_, index) => isKept[index]);
}

/** Files and groups that are there after all, and VMs that nobody has ended. */
async function leftOf(home: string, { tree, vmm }: Scene): Promise<string[]> {
  const files = (await Array.fromAsync(Deno.readDir(`${home}/jobs`))).map(({ name }) => name);
  return [
    ...files.filter((name) => name !== ".lock"),
    ...await tree.children(""),
    ...vmm.vms.filter(({ isDisposed }) => !isDisposed).map(() => "a VM"),
  ];
}

/** Fails where what every life has in common is not so. */
export function checkLife({ told, left, result }: Lived, label: string): void {
  assertEquals(left, [], `${label}: what is left`);
  const points = told.flatMap((event) => event.kind === "point" ? [event.point] : []);
  const isAgain = (point: Point) => ["launch", "launched", "qmp", "restored", "ready", "saved"].includes(point);
  const once = points.filter((point, index) => !isAgain(point) || points.indexOf(point) === index);
  assertEquals(once, POINTS.filter((point) => once.includes(point)), `${label}: points in their order, each once`);
  assertEquals(points.slice(-2), ["removal", "report"], `${label}: the last points`);
  // The agent may refuse one that it has begun with.
  const hasBegun = points.includes("started") && ![126, 127].includes(result.verdict.status);
  if (hasBegun) assertEquals(result.started, true, `${label}: it has started`);
  if (!points.includes("exec")) assertEquals(result.started, false, `${label}: it can't have started`);
  assertEquals(told.filter(({ kind }) => kind === "verdict").length, 1, `${label}: one verdict`);
  const atMs = told.map((event) => event.atMs);
  assertEquals(atMs, atMs.toSorted((a, b) => a - b), `${label}: in the order of time`);
  assertEquals(told[0].kind, "job", `${label}: the first event`);
  assertEquals(result.timings.total !== undefined, true, `${label}: a total time`);
}
