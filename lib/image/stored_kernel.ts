/**
 * The kernel of Debian's that is in the store already, with its modules: other images have it.
 *
 * @module
 */

import { readModulesIn } from "./initramfs.ts";
import type { StoredKernel } from "./kernel.ts";
import { readKernelRelease } from "./kernel_release.ts";
import { hasModules } from "./origin.ts";
import type { Image, ImageStore } from "./store.ts";

/** Finds the latest kernel of Debian's in the store; undefined when none has all that this berth needs. */
export async function findStoredKernel(store: ImageStore): Promise<StoredKernel | undefined> {
  const kernels: StoredKernel[] = [];
  for (const name of await store.names()) {
    // What can't be loaded has no kernel to give.
    const image = await store.load(name).catch(() => undefined);
    const kernel = image && await kernelOf(image);
    if (kernel) kernels.push(kernel);
  }
  return kernels.toSorted((a, b) => b.sinceMs - a.sinceMs)[0];
}

async function kernelOf({ spec, origin }: Image): Promise<StoredKernel | undefined> {
  if (origin?.kernel !== "debian" || !hasModules(origin)) return undefined;
  const release = await readKernelRelease(spec.kernel);
  const binaries = readModulesIn(await Deno.readFile(spec.initrd));
  const { mtime } = await Deno.stat(spec.kernel);
  if (release === undefined || binaries === undefined || mtime === null) return undefined;
  return { release, image: spec.kernel, modulesFolder: "", modules: [], binaries, sinceMs: mtime.getTime() };
}
