/**
 * Builds images into the store.
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { join } from "@std/path";
import { translateDiskFull } from "../base/errors.ts";
import { buildDebianRoot } from "./debian.ts";
import { planInitramfs, readBusybox, readModules } from "./initramfs.ts";
import { DEFAULT_IMAGE } from "./names.ts";
import { findKernel, type Kernel } from "./kernel.ts";
import { describeIngredients } from "./origin.ts";
import type { ImageSpec } from "./spec.ts";
import type { ImageStore } from "./store.ts";

/** What a build reads from the host. */
export interface BuildHost {
  readonly bootFolder: string;
  readonly modulesFolder: string;
  readonly busyboxFile: string;
  /** Path in the initramfs → text. */
  readonly agentFiles: Readonly<Record<string, string>>;
  readonly agentHash: string;
}

/** What is to be built. */
export interface BuildRequest {
  readonly name: string;
  /** Absent: the image has no root file system of its own. */
  readonly debian?: { readonly suite: string; readonly packages: readonly string[] };
}

/** How the build talks, and how it is stopped. */
export interface BuildProgress {
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Builds an image and gives it its name. The caller holds the name's lock. */
export async function buildImage(
  store: ImageStore,
  host: BuildHost,
  request: BuildRequest,
  { onProgress, signal }: BuildProgress,
): Promise<void> {
  await using work = await store.workFolder();
  try {
    const workFolder = work.path;
    const kernel = await findKernel({ ...host, workFolder, onProgress, signal });
    const initrd = await buildInitramfs(host, kernel, workFolder);
    const kernelCopy = join(workFolder, "vmlinuz");
    await Deno.copyFile(kernel.image, kernelCopy);
    const storeDisk = request.debian && await buildDebianRoot({ ...request.debian, workFolder, onProgress, signal });
    const spec: ImageSpec = {
      arch: "x86_64",
      kernel: await store.put(kernelCopy, "kernel"),
      initrd: await store.put(initrd, "initramfs"),
      bootArgs: "",
      ...(storeDisk && { storeDisk: await store.put(storeDisk, "squashfs") }),
      memoryMiB: 512,
      vcpus: 1,
      shell: "/bin/sh",
      volumes: [],
      networkInterfaces: [],
      runnerType: "qemu",
    };
    await store.name(request.name, spec, {
      from: describeIngredients(request),
      builtAt: new Date().toISOString(),
      kernel: kernel.image.startsWith(`${host.bootFolder}/`) ? "host" : "debian",
      agent: host.agentHash,
    });
    onProgress(`image "${request.name}" is ready`);
  } catch (error) {
    throw translateDiskFull(error, `building image "${request.name}"`);
  }
}

async function buildInitramfs(host: BuildHost, kernel: Kernel, workFolder: string): Promise<string> {
  const archive = planInitramfs({
    ...await readBusybox(host.busyboxFile),
    modules: await readModules(kernel, workFolder),
    agentFiles: host.agentFiles,
  });
  const path = join(workFolder, "initramfs");
  await Deno.writeFile(path, archive);
  return path;
}

/**
 * Loads the image to run, and builds the default image first when it is not there or carries another agent.
 *
 * Of several that find it missing at once, one builds and the others wait for it.
 */
export async function ensureDefaultImage(store: ImageStore, host: BuildHost, progress: BuildProgress): Promise<void> {
  if (await isFresh(store, host)) return;
  const onWait = () => progress.onProgress("another berth is building it; waiting");
  using _lock = await store.lock(DEFAULT_IMAGE, onWait, progress.signal);
  if (await isFresh(store, host)) return;
  progress.onProgress(`building the image "${DEFAULT_IMAGE}"; this happens once`);
  await buildImage(store, host, { name: DEFAULT_IMAGE }, progress);
}

async function isFresh(store: ImageStore, host: BuildHost): Promise<boolean> {
  if (!await store.has(DEFAULT_IMAGE)) return false;
  try {
    return (await store.load(DEFAULT_IMAGE)).agentHash === host.agentHash;
  } catch {
    // Files of it are gone, or its spec is from another version: built again, it is right.
    return false;
  }
}
