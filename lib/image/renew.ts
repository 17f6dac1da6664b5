/**
 * Builds an image that can't be run as it is, or what it boots with.
 *
 * @module
 */

import { BerthError, translateDiskFull } from "../base/errors.ts";
import { watchDisks } from "../disk/watch.ts";
import { type BuildHost, buildImage, buildInitramfs, type BuildProgress, isHosts, packBoot } from "./build.ts";
import { readModulesIn } from "./initramfs.ts";
import { loadIfCurrent } from "./load_current.ts";
import { findKernel } from "./kernel.ts";
import { hasModules, planOrigin } from "./origin.ts";
import { parseImageSpec } from "./spec.ts";
import type { Image, ImageStore } from "./store.ts";
import { findStoredKernel } from "./stored_kernel.ts";
import { sweepBeforeBuild } from "./sweep.ts";

/**
 * Makes an image one that can be run, and loads it.
 *
 * Of several that find it out at once, one builds and the others wait for it.
 */
export async function renewImage(
  store: ImageStore,
  host: BuildHost,
  name: string,
  progress: BuildProgress,
): Promise<Image> {
  await sweepBeforeBuild(store, progress.onProgress);
  const onWait = () => progress.onProgress("another berth is building it; waiting");
  using _lock = await store.lock(name, onWait, progress.signal);
  const built = await loadIfCurrent(store, host, name);
  if (built) return built;
  if (await canRenew(store, name)) await renewBoot(store, host, name, progress);
  else {
    progress.onProgress(`building the image "${name}"; this happens once`);
    await buildImage(store, host, { name }, progress);
  }
  return await store.load(name);
}

async function canRenew(store: ImageStore, name: string): Promise<boolean> {
  return await store.load(name).then(() => true, () => false);
}

/** Puts a new initramfs, and where possible a new kernel, in the place of the old ones; the rest stays. */
async function renewBoot(
  store: ImageStore,
  host: BuildHost,
  name: string,
  { onProgress, signal: asked }: BuildProgress,
): Promise<void> {
  onProgress(`image "${name}" was built by another version of berth: renewing what it boots with`);
  await using work = await store.workFolder();
  try {
    const workFolder = work.path;
    using space = await watchDisks(workFolder);
    const signal = AbortSignal.any([space.signal, ...(asked ? [asked] : [])]);
    const { text, path } = await store.readSpec(name);
    const spec = parseImageSpec(text, path);
    const image = await store.load(name);
    const { origin } = image;
    // What it is made of stays, and so does its age: whoever waits to build it anew must not take this for that.
    const builtAt = origin?.builtAt ?? (await Deno.stat(path)).mtime!.toISOString();
    const kept = {
      from: origin?.from ?? "another version of berth",
      wish: origin?.wish,
      builtAt,
      agent: host.agentHash,
    };
    if (origin?.wish !== "file") {
      const stored = () => findStoredKernel(store);
      const kernel = await findKernel({ ...host, workFolder, onProgress, signal, stored }, origin?.wish);
      const boot = await packBoot(store, host, kernel, { workFolder, signal });
      await store.name(name, { ...spec, ...boot }, planOrigin({ ...kept, isHosts: isHosts(kernel, host) }));
      return;
    }
    // The user's kernel may be gone, and is not to be looked for: the image has it, and its modules.
    const modules = hasModules(origin) ? readModulesIn(await Deno.readFile(image.spec.initrd)) : undefined;
    if (!modules) {
      throw new BerthError("image.kernel", `image "${name}": build or import it again, with its --kernel`);
    }
    const initrd = await store.put(await buildInitramfs(host, modules, workFolder), "initramfs");
    await store.name(name, { ...spec, initrd }, planOrigin({ ...kept, isHosts: false }));
  } catch (error) {
    throw translateDiskFull(error, `renewing image "${name}"`);
  }
}
