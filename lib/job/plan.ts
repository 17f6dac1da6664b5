/**
 * Turns a job's spec, its image and the host's facts into everything that is to be done. Pure.
 *
 * @module
 */

import { artifactWindow, STATE } from "../host/windows.ts";
import type { ArtifactTarget } from "../guest/artifacts.ts";
import type { ExecRequest } from "../guest/fragment.ts";
import type { Image } from "../image/store.ts";
import { TCG_CACHE_MIB } from "../vmm/qemu/args.ts";
import type { AcceleratorChoice } from "../vmm/qemu/accelerator.ts";
import type { VmPlan } from "../vmm/vmm.ts";
import type { JobSpec } from "./spec.ts";

/** The search path of a job that sets none: the one of Debian's root. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** QEMU's own memory beside the guest's: seen 40 to 70 MiB, the jail's processes included. */
const VMM_OVERHEAD_MIB = 96;

/** How long a boot may take before it is cut: emulated guests on a busy host have been seen to take 6 s. */
const BOOT_TIMEOUT_MS = { kvm: 20_000, tcg: 60_000 } as const;

/** What is decided outside of the spec. */
export interface PlanInputs {
  readonly id: string;
  readonly token: string;
  readonly image: Image;
  readonly accelerator: AcceleratorChoice;
  readonly jailed: boolean;
}

/** The limits of the VM's cgroup. */
export interface Limits {
  readonly memoryMaxBytes: number;
  readonly pidsMax: number;
}

/** Everything that a job does. */
export interface JobPlan {
  readonly id: string;
  readonly name?: string;
  readonly image: string;
  readonly vm: VmPlan;
  readonly exec: ExecRequest;
  readonly artifacts: readonly ArtifactTarget[];
  readonly limits: Limits;
  /** Where the workspace's disk is made; absent without a workspace. */
  readonly workspaceDisk?: string;
  readonly timeoutMs?: number;
  readonly bootTimeoutMs: number;
}

/** The plan of one job. */
export function planJob(spec: JobSpec, inputs: PlanInputs): JobPlan {
  const { id, image, accelerator: { accelerator } } = inputs;
  const folder = `${STATE}/jobs/${id}`;
  const workspaceDisk = spec.workspace ? `${folder}/workspace.ext4` : undefined;
  const memoryMiB = spec.memoryBytes === undefined ? image.spec.memoryMiB : Math.floor(spec.memoryBytes / 1024 ** 2);
  const overheadMiB = VMM_OVERHEAD_MIB + (accelerator === "tcg" ? TCG_CACHE_MIB : 0);
  return {
    id,
    name: spec.name,
    image: image.name,
    vm: planVm(spec, inputs, { folder, memoryMiB, workspaceDisk }),
    exec: {
      argv: spec.argv,
      env: { PATH: DEFAULT_PATH, ...spec.env },
      workdir: spec.workdir ?? (spec.workspace ? "/workspace" : "/"),
      user: spec.user,
      stdin: spec.stdin,
    },
    artifacts: spec.artifacts.map((guest, index) => ({ guest, folder: artifactWindow(index) })),
    limits: { memoryMaxBytes: (memoryMiB + overheadMiB) * 1024 ** 2, pidsMax: spec.pidsMax },
    workspaceDisk,
    timeoutMs: spec.timeoutMs,
    bootTimeoutMs: spec.bootTimeoutMs ?? BOOT_TIMEOUT_MS[accelerator],
  };
}

interface VmInputs {
  readonly folder: string;
  readonly memoryMiB: number;
  readonly workspaceDisk?: string;
}

function planVm(spec: JobSpec, inputs: PlanInputs, { folder, memoryMiB, workspaceDisk }: VmInputs): VmPlan {
  const { id, token, image, accelerator, jailed } = inputs;
  const { storeDisk, runnerConfig = {} } = image.spec;
  const { machine: _machine, extraArgs: _none, ...choices } = runnerConfig;
  return {
    name: id,
    token,
    accelerator: accelerator.accelerator,
    memoryMiB,
    vcpus: spec.cpus ?? image.spec.vcpus,
    kernel: image.spec.kernel,
    initrd: image.spec.initrd,
    bootArgs: [...accelerator.bootArgs, ...image.spec.bootArgs.split(" ").filter((word) => word)],
    disks: [
      ...(storeDisk ? [{ serial: "root", path: storeDisk, readOnly: true }] : []),
      ...(workspaceDisk ? [{ serial: "workspace", path: workspaceDisk, readOnly: false }] : []),
    ],
    folder,
    stdin: spec.stdin,
    artifacts: spec.artifacts.length > 0,
    jailed,
    ...choices,
  };
}
