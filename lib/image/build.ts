/**
 * Builds images into the store.
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { join } from "@std/path";
import { translateDiskFull } from "../base/errors.ts";
import { watchDisks } from "../disk/watch.ts";
import { makeToolFolder, type ToolJail } from "../process/tool_jail.ts";
import { buildDebianRoot } from "./debian.ts";
import { describeIngredients, planOrigin } from "./origin.ts";
import { planInitramfs, readBusybox, readModules } from "./initramfs.ts";
import { type ImportRequest, importRoot } from "./import/import.ts";
import { findKernel, type Kernel, type KernelFile } from "./kernel.ts";
import type { KernelWish } from "./kernel_file.ts";
import type { ModuleBinary } from "./modules.ts";
import type { ImageSpec, JobDefaults } from "./spec.ts";
import type { ImageStore } from "./store.ts";
import { findStoredKernel } from "./stored_kernel.ts";
import { DEFAULT_MEMORY_MIB, DEFAULT_VCPUS } from "./names.ts";

/** Files and folders of the host that a build reads. */
export interface BuildHost {
  readonly bootFolder: string;
  readonly modulesFolder: string;
  readonly busyboxFile: string;
  /** Path in the initramfs → text. */
  readonly agentFiles: Readonly<Record<string, string>>;
  /** Path in the initramfs → program. */
  readonly agentPrograms: Readonly<Record<string, Uint8Array>>;
  readonly agentHash: string;
  /** A kernel that the user has named. */
  readonly kernelFile?: KernelFile;
}

/** Image that is to be built. */
export interface BuildRequest {
  readonly name: string;
  /** Absent: the image has no root file system of its own. */
  readonly debian?: { readonly suite: string; readonly packages: readonly string[] };
  /** A root file system that is there already; instead of `debian`. */
  readonly imported?: ImportRequest;
  readonly kernel?: KernelWish;
  /** What stays free of the store's disk. */
  readonly minFreeBytes?: number;
}

/** Listener and stop of a build. */
export interface BuildProgress {
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Builds an image and gives it its name. The caller holds the name's lock. */
export async function buildImage(
  store: ImageStore,
  host: BuildHost,
  request: BuildRequest,
  progress: BuildProgress,
): Promise<void> {
  const { onProgress } = progress;
  await using work = await store.workFolder();
  try {
    const jail = request.imported?.bounds.jail;
    const { workFolder, toolsFolder } = await makeFolders(work.path, jail);
    using space = await watchDisks(work.path, { minFreeBytes: request.minFreeBytes });
    const signal = AbortSignal.any([space.signal, ...(progress.signal ? [progress.signal] : [])]);
    const stored = () => findStoredKernel(store);
    const findIt = () => findKernel({ ...host, workFolder, jail, onProgress, signal, stored }, request.kernel);
    // What the user has named is looked at first: a kernel that is refused costs no import, a wrong source no download.
    const early = request.imported && request.kernel !== "file" ? undefined : await findIt();
    const root = await buildRoot(request, { workFolder, toolsFolder, onProgress, signal });
    const kernel = early ?? await findIt();
    const boot = await packBoot(store, host, kernel, { workFolder, signal });
    const { path: storeDisk, defaults } = root ?? {};
    const spec: ImageSpec = {
      arch: "x86_64",
      ...boot,
      bootArgs: "",
      ...(storeDisk && { storeDisk: await store.put(storeDisk, "squashfs") }),
      memoryMiB: DEFAULT_MEMORY_MIB,
      vcpus: DEFAULT_VCPUS,
      shell: "/bin/sh",
      volumes: [],
      networkInterfaces: [],
      runnerType: "qemu",
      ...(defaults && Object.keys(defaults).length ? { defaults } : {}),
    };
    const origin = planOrigin({
      from: describeIngredients(request),
      wish: request.kernel,
      isHosts: isHosts(kernel, host),
      agent: host.agentHash,
    });
    await store.name(request.name, spec, origin);
    onProgress(`image "${request.name}" is ready`);
  } catch (error) {
    throw translateDiskFull(error, `building image "${request.name}"`);
  }
}

/**
 * Tools that read what nobody vouches for have a folder of their own: were one of them taken over, it could leave links
 * there, which would lead whatever berth writes beside them to any file of the host.
 */
async function makeFolders(
  path: string,
  jail: ToolJail | undefined,
): Promise<{ workFolder: string; toolsFolder: string }> {
  const [workFolder, toolsFolder] = [join(path, "own"), join(path, "tools")];
  await Deno.mkdir(workFolder, { mode: 0o700 });
  await makeToolFolder(toolsFolder, jail);
  return { workFolder, toolsFolder };
}

interface RootWork {
  /** berth's own. */
  readonly workFolder: string;
  readonly toolsFolder: string;
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
}

async function buildRoot(
  { debian, imported }: BuildRequest,
  work: RootWork,
): Promise<{ path: string; defaults?: JobDefaults } | undefined> {
  if (imported) return await importRoot(imported, work);
  return debian && { path: await buildDebianRoot({ ...debian, ...work }) };
}

/** Kernel with its initramfs, put into the store. */
export async function packBoot(
  store: ImageStore,
  host: BuildHost,
  kernel: Kernel,
  { workFolder, signal }: { readonly workFolder: string; readonly signal?: AbortSignal },
): Promise<{ kernel: string; initrd: string }> {
  const initrd = await buildInitramfs(host, await readModules(kernel, workFolder, signal), workFolder);
  const kernelCopy = join(workFolder, "vmlinuz");
  await Deno.copyFile(kernel.image, kernelCopy);
  return { kernel: await store.put(kernelCopy, "kernel"), initrd: await store.put(initrd, "initramfs") };
}

/** True for a kernel that is this host's, and none that was downloaded. */
export function isHosts(kernel: Kernel, { bootFolder }: BuildHost): boolean {
  return kernel.image.startsWith(`${bootFolder}/`);
}

/** Writes an initramfs with these modules and the agent of this berth into the work folder. */
export async function buildInitramfs(
  host: BuildHost,
  modules: readonly ModuleBinary[],
  workFolder: string,
): Promise<string> {
  const archive = planInitramfs({
    ...await readBusybox(host.busyboxFile),
    modules,
    agentFiles: host.agentFiles,
    programs: host.agentPrograms,
  });
  const path = join(workFolder, "initramfs");
  await Deno.writeFile(path, archive);
  return path;
}
