/**
 * `berth doctor`: tries on this host what jobs do, by the same code.
 *
 * @module
 */

import { within } from "../base/deadline.ts";
import { BerthError, describeError } from "../base/errors.ts";
import { parseOwnGroups } from "../cgroup/mount_table.ts";
import type { Containment } from "../cgroup/driver.ts";
import { examineContainment, findLeftGroups } from "../cgroup/open.ts";
import { type GroupParent, unitOf } from "../cgroup/parent.ts";
import type { CgroupFacts } from "../host/cgroup_facts.ts";
import { valueOf } from "../doctor/case.ts";
import type { Obstacle, Outcome, Tried, Tries } from "../doctor/facts.ts";
import type { Area } from "../doctor/finding.ts";
import { findUnfinished, KnownHostFile } from "../host/known_host.ts";
import { AGENT_SOCKET, ROOT, STATE } from "../host/windows.ts";
import { Hub } from "../guest/hub.ts";
import { findUnusedCaches } from "../disk/cache_sweep.ts";
import { createDisk } from "../disk/disk.ts";
import { DEFAULT_IMAGE } from "../image/names.ts";
import type { Image } from "../image/store.ts";
import { surveyImages } from "../image/survey.ts";
import { findLeftInStore } from "../image/sweep.ts";
import { findOrphans } from "../machine/orphans.ts";
import { tryClones } from "../machine/try_clones.ts";
import { usualBootTimeoutMs } from "../job/plan.ts";
import { BOOT_TIMEOUT_MS } from "../job/times.ts";
import type { UidRange } from "../machine/vm_user.ts";
import { describeKernelProblem } from "../vmm/accelerator.ts";
import { guessAccelerator, readKnownKvm } from "../vmm/choose_accelerator.ts";
import { isIndirect, planTrial } from "../vmm/plan_accelerator.ts";
import { PROBE_MS, tryKvm } from "../vmm/try_accelerator.ts";
import { tryKernel } from "../vmm/try_kernel.ts";
import type { ProbeResult, VmmBackend } from "../vmm/vmm.ts";
import { openStore } from "./stores.ts";
import { tryJail } from "./jail_trial.ts";
import { loadVmm } from "./vmm.ts";

/** Longer than a guest that is tried may take. */
const TRY_MS = 10_000;
/** On KVM, and to be compared emulated. */
const GUEST_MS = 15_000;
/** What a job's kernel has at most, on the slowest KVM. */
const KERNEL_MS = BOOT_TIMEOUT_MS.tcg;
/** Each guest of a try of clones, of which there are three: emulated, one that boots takes some 5 s, and a clone one. */
const CLONE_MS = 25_000;
const CLONES_MS = 3 * CLONE_MS + TRY_MS;
/** systemd is asked three things at most, and its own commands give up after 25 s. */
const SYSTEMD_MS = 60_000;
const HOST = new KnownHostFile();
const TRIED_DISK_BYTES = 4 * 1024 ** 2;

/** What is to be tried. */
export interface TryRequest {
  /** In the order of the list. */
  readonly areas: readonly Area[];
  /** Of VMs' groups. */
  readonly parent: GroupParent;
  /** The users of the host that VMMs may be. */
  readonly uidRange: UidRange;
}

/** Tries what these areas need. */
export async function tryHost(args: TryRequest, facts: CgroupFacts): Promise<Tries> {
  const { areas, parent } = args;
  // A guest that is being tried is not left behind: each try ends soon, and so does this.
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, () => {});
  const ifAny = async (wanted: readonly Area[], make: () => Promise<Partial<Tries>>) =>
    wanted.some((area) => areas.includes(area)) ? await make() : {};
  // First, and alone: a guest that is tried has little time.
  const guests: Partial<Tries> = await ifAny(["kvm", "qemu", "clone"], () => tryGuests(areas.includes("qemu")));
  return {
    ...guests,
    ...await ifAny(["namespaces"], async () => ({ jail: await attempt("a jail", () => tryVmmJail(args)) })),
    ...await ifAny(["programs"], async () => ({ mkfs: await attempt("mke2fs", tryDisk) })),
    ...await ifAny(["cgroup"], async () => ({
      containment: await attempt("a group", () => tryGroups(examineContainment(parent, facts), facts), SYSTEMD_MS),
    })),
    ...await ifAny(["images"], async () => ({ images: await attempt("the image store", listImages) })),
    ...await ifAny(["clone"], async () => ({
      clones: await attempt("guests from a saved state", () => tryDefaultClones(doesKvmWork(guests)), CLONES_MS),
    })),
    ...await ifAny(["leftovers"], async () => ({
      leftJobs: await attempt("the folders of jobs", () => findOrphans(`${STATE}/jobs`)),
      leftGroups: await attempt("the groups of jobs", () => findLeftGroups(parent, facts)),
      leftFiles: await attempt("the state folder", listLeftFiles),
    })),
  };
}

/** One try that fails, or takes too long, leaves the others alone. */
async function attempt<T>(what: string, action: () => Promise<T>, timeoutMs = TRY_MS): Promise<Tried<T>> {
  try {
    return { value: await within(action(), timeoutMs, what) };
  } catch (error) {
    return { problem: describeError(error) };
  }
}

async function tryGuests(emulated: boolean): Promise<Partial<Tries>> {
  const [vmm, stop] = [await loadVmm(), new AbortController().signal];
  const kvm = await attempt(
    "a guest on KVM",
    async () => await HOST.readKvmNode() === "accessible" ? await tryKvm({ vmm, host: HOST, stop }) : null,
    GUEST_MS,
  );
  const isRun = "value" in kvm && kvm.value?.works;
  const image = await openStore().load(DEFAULT_IMAGE).catch(() => null);
  const kernel = isRun
    ? await attempt(
      "a kernel on KVM",
      async () => image && await tryDefaultKernel(image, valueOf(kvm)!, vmm),
      KERNEL_MS + TRY_MS,
    )
    : undefined;
  const remembered = await attempt(
    "what is remembered",
    async () => await readKnownKvm(HOST, image?.spec.kernel) ?? null,
  );
  const works = doesKvmWork({ kvm, kernel });
  const emulation = await attempt(
    "an emulated guest",
    async () => emulated && !works ? await vmm.probe("tcg", { timeoutMs: PROBE_MS, stop }) : null,
  );
  return { kvm, kernel, remembered, emulation };
}

/** Whether it runs a guest, and the default image's kernel, where that could be tried. */
function doesKvmWork({ kvm, kernel }: Pick<Tries, "kvm" | "kernel">): boolean {
  return valueOf(kvm)?.works === true && valueOf(kernel)?.works !== false;
}

/** It has as long as a job's. @param kvm what the probe guest has just shown. */
async function tryDefaultKernel({ spec }: Image, kvm: ProbeResult, vmm: VmmBackend): Promise<Outcome> {
  await using stack = new AsyncDisposableStack();
  const usualMs = usualBootTimeoutMs({ accelerator: "kvm", isIndirect: isIndirect({ kvm }) });
  const timeoutMs = Math.min(planTrial({ ...await HOST.read(), kvm }), usualMs);
  const [hub, open] = [stack.use(Hub.listen(AGENT_SOCKET)), stack.use(vmm.open())];
  const io = { hub, vmm: open, folder: ROOT };
  const { works, detail } = await tryKernel(spec, { accelerator: "kvm", timeoutMs }, io);
  return { works, detail: works ? detail : describeKernelProblem(detail) };
}

async function tryDefaultClones(onKvm: boolean): Promise<Outcome | null> {
  const image = await openStore().load(DEFAULT_IMAGE).catch(() => null);
  if (!image) return null;
  await using stack = new AsyncDisposableStack();
  const vmm = await loadVmm();
  const wish = { wanted: onKvm ? "kvm" : "tcg", kernel: image.spec.kernel, isDenied: false } as const;
  const { accelerator, bootArgs } = await guessAccelerator(wish, { vmm, host: HOST });
  const io = { hub: stack.use(Hub.listen(AGENT_SOCKET)), vmm: stack.use(vmm.open()), folder: ROOT };
  return await tryClones(image.spec, { accelerator, bootArgs, timeoutMs: CLONE_MS, clones: 2 }, io);
}

/** The jail that a job's VMM gets. */
async function tryVmmJail(args: TryRequest): Promise<Outcome> {
  using open = await tryJail(args);
  const detail = open.problem?.detail ?? open.rootProblem;
  return { works: detail === undefined, detail: detail ?? "" };
}

async function tryDisk(): Promise<Outcome> {
  try {
    await createDisk(`${ROOT}/doctor.ext4`, TRIED_DISK_BYTES);
    return { works: true, detail: "" };
  } catch (error) {
    return { works: false, detail: describeError(error) };
  }
}

/** What stands in the way of groups is an answer. */
async function tryGroups(examined: Promise<Containment>, { cgroup }: CgroupFacts): Promise<Containment | Obstacle> {
  try {
    return await examined;
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    const { code, message, hint } = error;
    return { code, message, hint, unit: unitOf(parseOwnGroups(cgroup).unified ?? "") };
  }
}

async function listImages(): Promise<{ name: string; problem?: string }[]> {
  return (await surveyImages(openStore())).map(({ name, problem }) => ({ name, problem }));
}

async function listLeftFiles(): Promise<string[]> {
  return [
    ...await findUnfinished(STATE),
    ...await findUnusedCaches(`${STATE}/caches`),
    ...await findLeftInStore(openStore()),
  ];
}
