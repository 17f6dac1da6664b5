/**
 * Boots a kernel until its agent is ready, and ends it: no smaller guest shows what KVM is worth.
 *
 * @module
 */

import { DeadlineError, within } from "../base/deadline.ts";
import { describeError } from "../base/errors.ts";
import { randomId, randomToken } from "../base/ids.ts";
import type { Hub } from "../guest/hub.ts";
import { describeExit, describeHang } from "./accelerator.ts";
import type { Accelerator, OpenVmm, VmPlan } from "./vmm.ts";

/** What is booted: fields of an image's spec. */
export interface TriedKernel {
  readonly kernel: string;
  readonly initrd: string;
  /** Words for the kernel. */
  readonly bootArgs: string;
  readonly memoryMiB: number;
  readonly runnerConfig?: { readonly cpu?: string; readonly console?: string };
}

/** What boots it, and where its agent dials in. */
export interface TryKernelIo {
  readonly vmm: Pick<OpenVmm, "boot" | "title">;
  readonly hub: Pick<Hub, "ready" | "forget">;
  /** The folder that the VM's own is made in. */
  readonly folder: string;
}

/** Boots it, without a jail and without limits. */
export async function tryKernel(
  tried: TriedKernel,
  { accelerator, timeoutMs }: { readonly accelerator: Accelerator; readonly timeoutMs: number },
  { vmm, hub, folder: parent }: TryKernelIo,
): Promise<{ readonly works: boolean; readonly detail: string }> {
  await using stack = new AsyncDisposableStack();
  const [name, nonce] = [randomId(), randomToken()];
  const folder = `${parent}/tried-${name}`;
  await Deno.mkdir(folder);
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const ready = hub.ready(nonce);
  stack.defer(() => hub.forget(nonce));
  const plan = planTriedVm(tried, { name, nonce, accelerator, folder });
  const vm = stack.use(vmm.boot(plan, { onConnected: () => {}, onEvent: () => {}, onWords: () => {} }));
  const dead = vm.exited.then((exit) => {
    throw new Error(describeExit(exit, vmm.title));
  });
  dead.catch(() => {});
  try {
    await within(Promise.race([ready, dead]), timeoutMs, "the guest's agent");
    return { works: true, detail: "a kernel booted" };
  } catch (error) {
    return { works: false, detail: error instanceof DeadlineError ? describeHang(timeoutMs) : describeError(error) };
  }
}

/** The VM of a guest that is only tried: without disks, and with no words but the image's. Pure. */
export function planTriedVm(
  { kernel, initrd, bootArgs, memoryMiB, runnerConfig: { cpu, console } = {} }: TriedKernel,
  own: Pick<VmPlan, "name" | "nonce" | "accelerator" | "folder">,
): VmPlan {
  return {
    ...own,
    ...{ memoryMiB, vcpus: 1, kernel, initrd, cpu, console },
    bootArgs: bootArgs.split(" ").filter((word) => word),
    ...{ disks: [], identity: false, stdin: false, devices: [] },
  };
}
