/**
 * Turns a job's request, its image and the host's facts into everything that is to be done. Pure.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { formatBytes } from "../base/units.ts";
import type { Limits } from "../cgroup/limits.ts";
import { parseDevice, pathsOf } from "../cgroup/systemd/devices.ts";
import { artifactWindow } from "../host/windows.ts";
import type { ArtifactTarget } from "../guest/artifacts.ts";
import type { Image } from "../image/store.ts";
import type { Command } from "../machine/exec.ts";
import type { DiskPlan } from "../machine/disk_plan.ts";
import type { BootTry, MachinePlan } from "../machine/plan.ts";
import type { Rlimits } from "../process/launch.ts";
import type { AcceleratorChoice } from "../vmm/accelerator.ts";
import { besideRoot, type VmJail, type VmmTraits, type VmPlan } from "../vmm/vmm.ts";
import { limitsOf, tenantOf } from "./request/group.ts";
import { bothNames } from "./request/names.ts";
import type { JobRequest } from "./request/request.ts";
import { BOOT_TIMEOUT_MS, CANCEL_TIMEOUT_MS, DRAIN_TIMEOUT_MS } from "./times.ts";
import { MOST_VOLUMES, planDisks, type SeenVolume } from "./volumes.ts";

/** The search path of a job that sets none: the one of Debian's root. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const MIB = 1024 ** 2;

/** CPU time of a VMM without a cgroup, when no timeout says that it needs more. */
const LEAST_CPU_SECONDS = 3600;

/** How long a boot on an accelerator may take before it is cut. Pure. */
export function usualBootTimeoutMs({ accelerator, isIndirect }: Pick<AcceleratorChoice, "accelerator" | "isIndirect">) {
  return BOOT_TIMEOUT_MS[isIndirect ? "tcg" : accelerator];
}

/** What is decided outside of the request. */
export interface PlanInputs {
  readonly id: string;
  readonly token: string;
  /** See {@linkcode VmPlan.nonce}. */
  readonly nonce: string;
  /** The folder of all jobs. */
  readonly jobs: string;
  readonly image: Image;
  readonly vmm: VmmTraits;
  readonly accelerator: AcceleratorChoice;
  /** Absent: the VMM runs in no jail. */
  readonly jail?: VmJail;
}

/** Everything that a job does: a machine, and what becomes of it. */
export interface JobPlan extends MachinePlan {
  /** Without the volumes, of which only those who make them know in which state they are. */
  readonly exec: Command;
  readonly artifacts: readonly ArtifactTarget[];
  readonly artifactOn: JobRequest["artifactOn"];
  readonly timeoutMs?: number;
  /** What runs in the guest when the job has ended, before artifacts are taken. */
  readonly drain?: { readonly command: string; readonly timeoutMs: number };
  /** From a cancellation until all is over. */
  readonly cancelTimeoutMs: number;
  /** The longest that a boot may take, and a guest's agent to begin with the job. */
  readonly bootTimeoutMs: number;
  /** How much of the job's stdout is delivered at most, and of its stderr; absent: all. */
  readonly logLimitBytes?: number;
}

/** A request, with what the windows of its volumes show. */
export interface SeenRequest extends JobRequest {
  readonly volumes: readonly SeenVolume[];
}

/** The plan of one job. */
export function planJob(spec: SeenRequest, inputs: PlanInputs): JobPlan {
  const { id, image, vmm, accelerator: { accelerator, fallback } } = inputs;
  const folder = `${inputs.jobs}/${id}`;
  const { storeDisk, volumes: imageVolumes = [] } = image.spec;
  const workspace = spec.workspace !== undefined;
  const disks = planDisks({ ...spec, workspace, folder, storeDisk, imageVolumes });
  const memoryMiB = spec.memoryBytes === undefined ? image.spec.memoryMiB : Math.floor(spec.memoryBytes / MIB);
  const memoryOverheadBytes = vmm.overheadBytes(accelerator);
  const boots = planBoots(spec, inputs);
  return {
    id,
    name: spec.name,
    image: image.name,
    token: inputs.token,
    vm: planVm(spec, inputs, { folder, memoryMiB, disks, boot: boots[0] }),
    boots,
    exec: planExec(spec, inputs),
    disks,
    artifacts: spec.artifacts.map(({ guest }, index) => ({ guest, folder: artifactWindow(index) })),
    artifactOn: spec.artifactOn,
    limits: planLimits(spec, {
      guestBytes: memoryMiB * MIB,
      overheadBytes: memoryOverheadBytes,
      cpuPercent: 100 * (spec.cpus ?? image.spec.vcpus) + vmm.cpuPercent,
    }),
    memoryOverheadBytes,
    ...(fallback && { emulated: planEmulated(memoryMiB * MIB, vmm) }),
    tenant: tenantOf(spec),
    diskBytes: spec.diskBytes,
    minFreeBytes: spec.minFreeBytes,
    timeoutMs: spec.timeoutMs,
    drain: spec.drain === undefined
      ? undefined
      : { command: spec.drain, timeoutMs: spec.drainTimeoutMs ?? DRAIN_TIMEOUT_MS },
    cancelTimeoutMs: spec.cancelTimeoutMs ?? CANCEL_TIMEOUT_MS,
    start: spec.start,
    bootTimeoutMs: Math.max(...boots.map(({ timeoutMs }) => timeoutMs)),
    logLimitBytes: spec.logLimitBytes,
  };
}

/**
 * A boot that hangs is tried once more. KVM that fails is followed by emulation, where that may be, and at once when the
 * kernel was never seen to boot on KVM.
 */
function planBoots({ bootTimeoutMs }: JobRequest, { image, accelerator: choice }: PlanInputs): BootTry[] {
  const { accelerator, trialMs = Infinity, fallback, isIndirect } = choice;
  const imageArgs = image.spec.bootArgs.split(" ").filter((word) => word);
  const way = (accelerator: BootTry["accelerator"], args: readonly string[]): BootTry => {
    const timeoutMs = bootTimeoutMs ?? usualBootTimeoutMs({ accelerator, isIndirect });
    return { accelerator, bootArgs: [...args, ...imageArgs], timeoutMs };
  };
  const own = way(accelerator, choice.bootArgs);
  const isTrial = choice.trialMs !== undefined;
  const trial = isTrial ? { ...own, isTrial } : own;
  if (!fallback) return [trial, trial];
  const emulated = way("tcg", fallback.bootArgs);
  // Without a bound of its own a trial is a boot like any other: one that hangs is tried once more.
  if (trialMs === Infinity) return [trial, trial, emulated];
  return [{ ...trial, timeoutMs: Math.min(trialMs, own.timeoutMs) }, emulated, emulated];
}

/** What is run: a part that the job does not say is as the image has it. A command replaces all of the image's. */
function planExec(spec: JobRequest, { id, image: { name, spec: { defaults = {} } } }: PlanInputs): JobPlan["exec"] {
  const argv = spec.command.length ? spec.command : defaults.argv ?? [];
  if (argv.length === 0) throw noCommand(name);
  return {
    argv,
    env: { PATH: DEFAULT_PATH, ...defaults.env, ...spec.env },
    workdir: spec.workdir ?? (spec.workspace !== undefined ? "/workspace" : defaults.workdir ?? "/"),
    hostname: id,
    user: spec.user || (defaults.user ?? ""),
  };
}

/** A job that says no command, of an image that has none. */
export function noCommand(image: string): BerthError {
  return new BerthError(
    "usage.command",
    `berth run: there is no command to run, and image "${image}" has none of its own`,
  );
}

/** What a VM of this size gets where the job does not say. */
interface VmSize {
  readonly guestBytes: number;
  readonly overheadBytes: number;
  readonly cpuPercent: number;
}

function planEmulated(guestBytes: number, vmm: VmmTraits): JobPlan["emulated"] {
  const memoryOverheadBytes = vmm.overheadBytes("tcg");
  return { memoryMaxBytes: guestBytes + memoryOverheadBytes, memoryOverheadBytes };
}

function planLimits(spec: JobRequest, { guestBytes, overheadBytes, cpuPercent }: VmSize): Limits {
  const wanted = limitsOf(spec);
  expectHighFits(wanted, guestBytes, bothNames("memoryHighBytes"));
  const { cpuQuotaPercent = cpuPercent, ...asked } = wanted;
  const quota = cpuQuotaPercent === 0 ? {} : { cpuQuotaPercent };
  return { memoryMaxBytes: guestBytes + overheadBytes, pidsMax: spec.pids, ...quota, ...asked };
}

/**
 * Refuses what would slow a group down before its guest has its memory. @param name what its caller calls the limit.
 *
 * @throws {BerthError} `usage.value`.
 */
export function expectHighFits({ memoryHighBytes }: Limits, guestBytes: number, name: string): void {
  if (memoryHighBytes === undefined || memoryHighBytes >= guestBytes) return;
  const [high, guest] = [memoryHighBytes, guestBytes].map(formatBytes);
  throw new BerthError("usage.value", `${name}: ${high} is less than the guest's memory (${guest})`);
}

/** The fallback where nobody makes groups; whoever wants no limits at all gets none. */
function planRlimits(spec: JobRequest, { vmm, jail }: PlanInputs, memoryMiB: number, vcpus: number): Rlimits {
  // The VMM's own threads take their part beside the vCPUs.
  const wanted = Math.ceil((spec.timeoutMs ?? 0) / 1000) * (vcpus + 1);
  return {
    addressSpaceBytes: vmm.addressSpaceBytes(memoryMiB * MIB, vcpus),
    cpuSeconds: Math.max(LEAST_CPU_SECONDS, wanted),
    // Of berth's own user others run as well, and would be counted.
    ...(jail?.user === undefined ? {} : { pidsMax: spec.pids }),
  };
}

/**
 * Places for disks: of how many there are, VMs have few shapes, as each has saved states of its own. Those that are empty
 * cost 12 ms where there are 19 of them (QEMU 7.2, a restore of 129 ms).
 */
function planSlots(disks: readonly DiskPlan[]): number {
  return besideRoot(disks).length <= FEW_SLOTS ? FEW_SLOTS : MOST_SLOTS;
}

const FEW_SLOTS = 4;
/** Volumes, the workspace being one, and the scratch disk. */
const MOST_SLOTS = MOST_VOLUMES + 1;

interface VmInputs {
  readonly folder: string;
  readonly memoryMiB: number;
  readonly disks: readonly DiskPlan[];
  readonly boot: BootTry;
}

function planVm(spec: JobRequest, inputs: PlanInputs, { folder, memoryMiB, disks, boot }: VmInputs): VmPlan {
  const { id, nonce, image, jail } = inputs;
  const { runnerConfig = {} } = image.spec;
  const { machine: _machine, extraArgs: _none, ...choices } = runnerConfig;
  const vcpus = spec.cpus ?? image.spec.vcpus;
  return {
    name: id,
    nonce,
    accelerator: boot.accelerator,
    memoryMiB,
    vcpus,
    kernel: image.spec.kernel,
    initrd: image.spec.initrd,
    bootArgs: boot.bootArgs,
    disks: disks.map(({ serial, role, path, readOnly }) => ({ serial, ...(role && { role }), path, readOnly })),
    slots: planSlots(disks),
    folder,
    identity: true,
    stdin: spec.stdin,
    ...(jail ? { jail } : {}),
    devices: pathsOf(spec.devices.map(parseDevice)),
    ...(spec.limits === "auto" ? { rlimits: planRlimits(spec, inputs, memoryMiB, vcpus) } : {}),
    ...choices,
  };
}
