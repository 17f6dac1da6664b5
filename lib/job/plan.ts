/**
 * Turns a job's spec, its image and the host's facts into everything that is to be done. Pure.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { formatBytes } from "../base/units.ts";
import type { Tenant } from "../cgroup/driver.ts";
import type { Limits } from "../cgroup/limits.ts";
import { parseDevice, pathsOf } from "../cgroup/systemd/devices.ts";
import { artifactWindow, STATE } from "../host/windows.ts";
import type { ArtifactTarget } from "../guest/artifacts.ts";
import type { ExecRequest } from "../guest/fragment.ts";
import type { Image } from "../image/store.ts";
import type { Rlimits } from "../process/launch.ts";
import type { AcceleratorChoice } from "../vmm/qemu/accelerator.ts";
import { VMM_CPU_PERCENT, vmmAddressSpaceBytes, vmmOverheadBytes } from "../vmm/qemu/overhead.ts";
import type { VmJail, VmPlan } from "../vmm/vmm.ts";
import type { JobSpec } from "./spec.ts";
import { type DiskPlan, planDisks } from "./volumes.ts";

/** The search path of a job that sets none: the one of Debian's root. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const MIB = 1024 ** 2;

/** CPU time of a QEMU without a cgroup, when no timeout says that it needs more. */
const LEAST_CPU_SECONDS = 3600;

/** How long a boot may take before it is cut: emulated guests on a busy host have been seen to take 6 s. */
export const BOOT_TIMEOUT_MS = { kvm: 20_000, tcg: 60_000 } as const;

/** How long `--drain` may take. */
export const DRAIN_TIMEOUT_MS = 300_000;

/** How long a job that is cancelled may still take, its drain and its artifacts included. */
export const CANCEL_TIMEOUT_MS = 10_000;

/** What is decided outside of the spec. */
export interface PlanInputs {
  readonly id: string;
  readonly token: string;
  readonly image: Image;
  readonly accelerator: AcceleratorChoice;
  /** Absent: the VMM runs in no jail. */
  readonly jail?: VmJail;
  /** Whether there is somebody who makes groups. */
  readonly contained: boolean;
  /** What each volume window shows: see {@linkcode planDisks}. */
  readonly shown: readonly ("file" | "folder" | undefined)[];
}

/** One way to boot the VM. */
export interface BootTry extends Pick<VmPlan, "accelerator" | "bootArgs"> {
  readonly timeoutMs: number;
  /** Whether the kernel was never seen to boot so. */
  readonly isTrial?: boolean;
}

/** Everything that a job does. */
export interface JobPlan {
  readonly id: string;
  readonly name?: string;
  readonly image: string;
  readonly vm: VmPlan;
  /** How it is booted: the first way is that of `vm`, the others are for when it fails. */
  readonly boots: readonly BootTry[];
  /** Without the volumes, of which only those who make them know in which state they are. */
  readonly exec: Omit<ExecRequest, "volumes" | "clockSeconds">;
  readonly disks: readonly DiskPlan[];
  readonly artifacts: readonly ArtifactTarget[];
  readonly artifactOn: JobSpec["artifactOn"];
  /** The limits of the VM's cgroup. */
  readonly limits: Limits;
  /** What `memory.max` has beside the guest's memory. */
  readonly memoryOverheadBytes: number;
  /** What the two are when the guest is emulated after all. */
  readonly emulated?: { readonly memoryMaxBytes: number; readonly memoryOverheadBytes: number };
  readonly tenant?: Tenant;
  /** What its folder may take of the host's disk. */
  readonly diskBytes: number;
  readonly minFreeBytes: number;
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

/** The plan of one job. */
export function planJob(spec: JobSpec, inputs: PlanInputs): JobPlan {
  const { id, image, accelerator: { accelerator, fallback } } = inputs;
  const folder = `${STATE}/jobs/${id}`;
  const { storeDisk, volumes: imageVolumes = [] } = image.spec;
  const disks = planDisks({ ...spec, folder, storeDisk, imageVolumes, shown: inputs.shown });
  const memoryMiB = spec.memoryBytes === undefined ? image.spec.memoryMiB : Math.floor(spec.memoryBytes / MIB);
  const memoryOverheadBytes = vmmOverheadBytes(accelerator);
  const boots = planBoots(spec, inputs);
  return {
    id,
    name: spec.name,
    image: image.name,
    vm: planVm(spec, inputs, { folder, memoryMiB, disks, boot: boots[0] }),
    boots,
    exec: planExec(spec, inputs),
    disks,
    artifacts: spec.artifacts.map((guest, index) => ({ guest, folder: artifactWindow(index) })),
    artifactOn: spec.artifactOn,
    limits: planLimits(spec, {
      guestBytes: memoryMiB * MIB,
      overheadBytes: memoryOverheadBytes,
      cpuPercent: 100 * (spec.cpus ?? image.spec.vcpus) + VMM_CPU_PERCENT,
    }),
    memoryOverheadBytes,
    ...(fallback && { emulated: planEmulated(memoryMiB * MIB) }),
    tenant: spec.tenant,
    diskBytes: spec.diskBytes,
    minFreeBytes: spec.minFreeBytes,
    timeoutMs: spec.timeoutMs,
    drain: spec.drain === undefined
      ? undefined
      : { command: spec.drain, timeoutMs: spec.drainTimeoutMs ?? DRAIN_TIMEOUT_MS },
    cancelTimeoutMs: spec.cancelTimeoutMs ?? CANCEL_TIMEOUT_MS,
    bootTimeoutMs: Math.max(...boots.map(({ timeoutMs }) => timeoutMs)),
    logLimitBytes: spec.logLimitBytes,
  };
}

/**
 * A boot that hangs is tried once more. KVM that fails is followed by emulation, where that may be, and at once when the
 * kernel was never seen to boot on KVM.
 */
function planBoots({ bootTimeoutMs }: JobSpec, { image, accelerator: choice }: PlanInputs): BootTry[] {
  const { accelerator, trialMs = Infinity, fallback } = choice;
  const imageArgs = image.spec.bootArgs.split(" ").filter((word) => word);
  const way = (accelerator: BootTry["accelerator"], args: readonly string[]): BootTry => {
    const timeoutMs = bootTimeoutMs ?? BOOT_TIMEOUT_MS[accelerator];
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
function planExec(spec: JobSpec, { id, image: { name, spec: { defaults = {} } } }: PlanInputs): JobPlan["exec"] {
  const argv = spec.argv.length ? spec.argv : defaults.argv ?? [];
  if (argv.length === 0) throw noCommand(name);
  return {
    argv,
    env: { PATH: DEFAULT_PATH, ...defaults.env, ...spec.env },
    workdir: spec.workdir ?? (spec.workspace ? "/workspace" : defaults.workdir ?? "/"),
    hostname: id,
    user: spec.user || (defaults.user ?? ""),
    stdin: spec.stdin,
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

function planEmulated(guestBytes: number): JobPlan["emulated"] {
  const memoryOverheadBytes = vmmOverheadBytes("tcg");
  return { memoryMaxBytes: guestBytes + memoryOverheadBytes, memoryOverheadBytes };
}

function planLimits(spec: JobSpec, { guestBytes, overheadBytes, cpuPercent }: VmSize): Limits {
  expectHighFits(spec.groupLimits, guestBytes);
  const { cpuQuotaPercent = cpuPercent, ...asked } = spec.groupLimits;
  const quota = cpuQuotaPercent === 0 ? {} : { cpuQuotaPercent };
  return { memoryMaxBytes: guestBytes + overheadBytes, pidsMax: spec.pidsMax, ...quota, ...asked };
}

/** @throws {BerthError} `usage.value` when the group would be slowed down before its guest has its memory. */
export function expectHighFits({ memoryHighBytes }: Limits, guestBytes: number): void {
  if (memoryHighBytes === undefined || memoryHighBytes >= guestBytes) return;
  const [high, guest] = [memoryHighBytes, guestBytes].map(formatBytes);
  throw new BerthError("usage.value", `--memory-high: ${high} is less than the guest's memory (${guest})`);
}

/** The fallback where nobody makes groups; whoever wants no limits at all gets none. */
function planRlimits(spec: JobSpec, memoryMiB: number, vcpus: number, jail: VmJail | undefined): Rlimits {
  // The VMM's own threads take their part beside the vCPUs.
  const wanted = Math.ceil((spec.timeoutMs ?? 0) / 1000) * (vcpus + 1);
  return {
    addressSpaceBytes: vmmAddressSpaceBytes(memoryMiB * MIB, vcpus),
    cpuSeconds: Math.max(LEAST_CPU_SECONDS, wanted),
    // Of berth's own user others run as well, and would be counted.
    ...(jail?.user === undefined ? {} : { pidsMax: spec.pidsMax }),
  };
}

interface VmInputs {
  readonly folder: string;
  readonly memoryMiB: number;
  readonly disks: readonly DiskPlan[];
  readonly boot: BootTry;
}

function planVm(spec: JobSpec, inputs: PlanInputs, { folder, memoryMiB, disks, boot }: VmInputs): VmPlan {
  const { id, token, image, jail, contained } = inputs;
  const { runnerConfig = {} } = image.spec;
  const { machine: _machine, extraArgs: _none, ...choices } = runnerConfig;
  const vcpus = spec.cpus ?? image.spec.vcpus;
  return {
    name: id,
    token,
    accelerator: boot.accelerator,
    memoryMiB,
    vcpus,
    kernel: image.spec.kernel,
    initrd: image.spec.initrd,
    bootArgs: boot.bootArgs,
    disks: disks.map(({ serial, path, readOnly }) => ({ serial, path, readOnly })),
    folder,
    stdin: spec.stdin,
    artifacts: spec.artifacts.length > 0,
    ...(jail ? { jail } : {}),
    devices: pathsOf(spec.devices.map(parseDevice)),
    ...(!contained && spec.limits === "auto" ? { rlimits: planRlimits(spec, memoryMiB, vcpus, jail) } : {}),
    ...choices,
  };
}
