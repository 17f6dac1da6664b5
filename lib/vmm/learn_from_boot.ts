/**
 * What a boot has shown of an accelerator, for the next choice of one.
 *
 * @module
 */

import { identifyKernel, type KnownHostFile, transientFailure, withKernel } from "../host/known_host.ts";
import { type Booted, describeKernelProblem } from "./accelerator.ts";

/** Keeps what a boot has shown of KVM and of this kernel. @param path the kernel's file. */
export async function learnFromBoot(
  path: string,
  { accelerator, helloMs, kvmProblem }: Booted,
  host: Pick<KnownHostFile, "read" | "update">,
): Promise<void> {
  const { kernels, tcgHelloMs = Infinity } = await host.read();
  const kernel = await identifyKernel(path);
  const earlier = kernels?.[kernel];
  if (accelerator === "kvm") {
    if (earlier?.works) return;
    return await host.update({
      kernels: withKernel(kernels, kernel, { works: true, detail: "a kernel booted on it" }),
    });
  }
  // Only now is it known that it was not the kernel's fault. What the probe guest did may not be so any more either.
  const failed = kvmProblem !== undefined && {
    kernels: withKernel(kernels, kernel, transientFailure(earlier, describeKernelProblem(kvmProblem), Date.now())),
    kvm: undefined,
  };
  // What a busy host has made long is not what a boot takes; a bit less is not worth the disk's time.
  const fast = helloMs < tcgHelloMs / 2 && { tcgHelloMs: Math.round(helloMs) };
  if (failed || fast) await host.update({ ...failed, ...fast });
}
