/**
 * `berth run --dry-run`: a job is planned as far as that can be seen, and nothing is run, made or remembered.
 *
 * @module
 */

import { randomToken } from "../base/ids.ts";
import type { Limits } from "../cgroup/limits.ts";
import { readCgroupFacts } from "../host/cgroup_facts.ts";
import { KnownHostFile } from "../host/known_host.ts";
import { HOST_FACTS, IMAGE, STATE } from "../host/windows.ts";
import { type Image, loadImageFolder } from "../image/store.ts";
import { planJob } from "../job/plan.ts";
import { imageFolder, type JobRequest } from "../job/request/request.ts";
import type { AcceleratorChoice } from "../vmm/accelerator.ts";
import { guessAccelerator } from "../vmm/choose_accelerator.ts";
import type { Accelerator } from "../vmm/vmm.ts";
import { isKvmDenied, wouldBeOther } from "./jail_trial.ts";
import { seeRequest } from "./see_request.ts";
import { openStore } from "./stores.ts";
import { VMM_TRAITS } from "./vmm.ts";

/** A job that is not run: as it was asked for, and what it would have. */
export interface DryRun {
  readonly request: JobRequest;
  readonly plan: {
    readonly image: string;
    /** How its guest would be run first, by what is known of this host; a KVM that was never tried is taken for one that works. */
    readonly accelerator: Accelerator;
    readonly guestMemoryBytes: number;
    readonly vcpus: number;
    /** What `memory.max` has beside the guest's memory. */
    readonly memoryOverheadBytes: number;
    /** The limits of the VM's cgroup; none where none are wanted. */
    readonly limits: Limits;
    readonly command: readonly string[];
    readonly user: string;
    readonly workdir: string;
    /** The disks, in the order in which they are mounted; one without a place is a part of the root. */
    readonly disks: readonly { readonly serial: string; readonly mountPoint?: string; readonly readOnly: boolean }[];
    readonly bootTimeoutMs: number;
    readonly cancelTimeoutMs: number;
  };
}

/**
 * Plans it.
 *
 * @throws {BerthError} `image.*` when there is no such image, or not yet; `usage.*`, `job.volume`, `host.kvm`.
 */
export async function planDryRun(asked: JobRequest): Promise<DryRun> {
  const request = await seeRequest(asked, await readCgroupFacts());
  const image = await load(request);
  const accelerator = await guess(request, image);
  const id = "0".repeat(12);
  const plan = planJob(request, {
    ...{ id, token: randomToken(), nonce: randomToken(), jobs: `${STATE}/jobs`, image, vmm: VMM_TRAITS, accelerator },
  });
  const { vm, exec, limits, memoryOverheadBytes, bootTimeoutMs, cancelTimeoutMs } = plan;
  return {
    request: asked,
    plan: {
      image: plan.image,
      accelerator: vm.accelerator,
      guestMemoryBytes: vm.memoryMiB * 1024 ** 2,
      vcpus: vm.vcpus,
      memoryOverheadBytes,
      limits: request.limits === "off" ? {} : limits,
      command: exec.argv,
      user: exec.user,
      workdir: exec.workdir,
      disks: plan.disks.map(({ serial, mountPoint, readOnly }) => ({ serial, mountPoint, readOnly })),
      bootTimeoutMs,
      cancelTimeoutMs,
    },
  };
}

/** The image as it is: it is not built, nor made anew. */
async function load(request: JobRequest): Promise<Image> {
  const folder = imageFolder(request);
  return folder === undefined
    ? await openStore().load(request.image)
    : { ...await loadImageFolder(IMAGE), name: folder };
}

/** By what is known: to try KVM, or a jail, is to run something. A host that has not tried it yet will, at its first job. */
async function guess(request: JobRequest, image: Image): Promise<AcceleratorChoice> {
  const isOther = wouldBeOther(request, await Deno.readTextFile(`${HOST_FACTS}/uid_map`));
  const isDenied = await isKvmDenied(isOther, VMM_TRAITS);
  const wish = { wanted: request.accel, kernel: image.spec.kernel, isDenied };
  return await guessAccelerator(wish, { vmm: VMM_TRAITS, host: new KnownHostFile() });
}
