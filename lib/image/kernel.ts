/**
 * Finds the kernel that a guest boots: the host's own where it is usable, Debian's cloud kernel, or a file.
 *
 * @module
 */

import { walk } from "@std/fs";
// @ts-types="../base/types/path.d.ts"
import { dirname, join } from "@std/path";
import { BerthError, describeError } from "../base/errors.ts";
import { runJailedTool } from "../process/jailed_tool.ts";
import { runTool, tryTool } from "../process/tool.ts";
import { makeToolFolder, type ToolJail } from "../process/tool_jail.ts";
import { checkConfig, expectKernelRelease, type KernelWish } from "./kernel_file.ts";
import { type ModuleBinary, type ModuleFile, parseModuleIndex, planModules } from "./modules.ts";
import { readSmallFile } from "../files/small_file.ts";

/** Debian's name for the newest kernel made for virtual machines. */
const CLOUD_KERNEL = "linux-image-cloud-amd64";

/** A kernel image and its modules. */
export interface Kernel {
  readonly release: string;
  /** The compressed kernel image (bzImage). */
  readonly image: string;
  readonly modulesFolder: string;
  readonly modules: readonly ModuleFile[];
  /** The modules themselves, where they are not in files any more. */
  readonly binaries?: readonly ModuleBinary[];
}

/** Kernel of Debian's that is in the store. */
export interface StoredKernel extends Kernel {
  /** Since when, in milliseconds since 1970. */
  readonly sinceMs: number;
}

/** A kernel as a file, and where its modules and its options may be; only the image must be there. */
export interface KernelFile {
  readonly image: string;
  /** The folder that it stands in. */
  readonly folder: string;
  /** A folder with `modules.dep`, or with one folder for each release. */
  readonly modules: string;
  /** The `lib/modules` beside the folder, as in an unpacked package. */
  readonly lib: string;
}

/** Places that a kernel may come from, and where a downloaded one may be put. */
export interface KernelSources {
  readonly bootFolder: string;
  readonly modulesFolder: string;
  /** A kernel that the user has named. */
  readonly kernelFile?: KernelFile;
  /** Looks for the newest one of Debian's that is in the store. */
  readonly stored?: () => Promise<StoredKernel | undefined>;
  readonly workFolder: string;
  /** Of what reads modules that the user has named; absent: there is none. */
  readonly jail?: ToolJail;
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Finds the kernel that is wished for. @throws {BerthError} `image.kernel` when it can't be had. */
export async function findKernel(sources: KernelSources, wish: KernelWish = "auto"): Promise<Kernel> {
  if (wish === "file") return await readKernelFile(sources);
  if (wish === "debian") return await findDebianKernel(sources, 0);
  for (const release of await releases(sources.modulesFolder)) {
    try {
      const kernel = await readKernel(release, sources.bootFolder, sources.modulesFolder);
      sources.onProgress(`kernel: the host's ${release}`);
      return kernel;
    } catch (error) {
      sources.onProgress(`kernel: the host's ${release} can't be used (${describeError(error)})`);
    }
  }
  if (wish === "host") throw new BerthError("image.kernel", "the host has no usable kernel in /boot and /lib/modules");
  return await findDebianKernel(sources, FRESH_MS);
}

/** For so long a kernel of Debian's is taken for the newest one, and nobody is asked. */
const FRESH_MS = 7 * 24 * 60 * 60 * 1000;

/** Debian's: the one that is in the store while it is fresh, or APT knows no newer one, or a newer one can't be had. */
async function findDebianKernel(sources: KernelSources, freshMs: number): Promise<Kernel> {
  const { onProgress, signal } = sources;
  const stored = await sources.stored?.();
  if (stored && Date.now() - stored.sinceMs < freshMs) return takeStored(stored, onProgress);
  try {
    const kernelPackage = await cloudKernelPackage(signal);
    if (stored && kernelPackage === `linux-image-${stored.release}`) return takeStored(stored, onProgress);
    return await downloadKernel(kernelPackage, sources);
  } catch (error) {
    signal?.throwIfAborted();
    if (!stored) throw error;
    onProgress(`kernel: a newer one of Debian's can't be had (${describeError(error)})`);
    return takeStored(stored, onProgress);
  }
}

function takeStored(kernel: StoredKernel, onProgress: (line: string) => void): Kernel {
  onProgress(`kernel: Debian's ${kernel.release}, which is in the store`);
  return kernel;
}

/** The kernel that the user has named. */
async function readKernelFile(sources: KernelSources): Promise<Kernel> {
  const { kernelFile, modulesFolder, onProgress } = sources;
  if (!kernelFile) throw new BerthError("image.kernel", "--kernel names no file");
  const { image, folder, modules, lib } = kernelFile;
  if (!(await Deno.stat(image)).isFile) throw new BerthError("image.kernel", `${image}: this is no file`);
  const release = await expectKernelRelease(image);
  const isGiven = await isThere(modules);
  const places = isGiven ? [modules, join(modules, release)] : [join(modulesFolder, release), join(lib, release)];
  for (const place of places) {
    if (!await isThere(join(place, "modules.builtin"))) continue;
    onProgress(`kernel: ${release}, with the modules in ${place}`);
    await checkConfigOf(release, folder);
    const indexFile = await isThere(join(place, "modules.dep"))
      ? join(place, "modules.dep")
      : await indexModules(place, release, sources);
    return await readModulesOf({ release, image, modulesFolder: place }, indexFile);
  }
  const where = isGiven ? modules : "/lib/modules and beside it; name their folder with --modules DIR";
  throw new BerthError("image.kernel", `${image}: the modules of ${release} are not in ${where}`);
}

/** A package that was unpacked by hand has no `modules.dep` yet. */
async function indexModules(
  modulesFolder: string,
  release: string,
  { workFolder, jail, signal }: KernelSources,
): Promise<string> {
  const script = 'mkdir -p "$1/lib/modules" && ln -s "$2" "$1/lib/modules/$3" && exec depmod -n -b "$1" "$3" >"$1/dep"';
  const base = join(workFolder, "depmod");
  await makeToolFolder(base, jail);
  const argv = ["sh", "-c", script, "sh", base, modulesFolder, release];
  await runJailedTool({
    argv,
    view: { readOnly: [modulesFolder], writable: [base], capabilities: ["CAP_DAC_READ_SEARCH"] },
    jail,
    signal,
  });
  return join(base, "dep");
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Where the kernel's options are kept beside it, they are looked at. */
async function checkConfigOf(release: string, folder: string): Promise<void> {
  const config = await readIfThere(join(folder, `config-${release}`));
  if (config !== undefined) checkConfig(config, release);
}

/** The releases that have a folder of modules, newest first. */
async function releases(folder: string): Promise<string[]> {
  const names = [];
  try {
    for await (const entry of Deno.readDir(folder)) if (entry.isDirectory) names.push(entry.name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
}

async function readKernel(release: string, bootFolder: string, modulesRoot: string): Promise<Kernel> {
  const image = join(bootFolder, `vmlinuz-${release}`);
  const modulesFolder = join(modulesRoot, release);
  using _readable = await Deno.open(image);
  await checkConfigOf(release, bootFolder);
  return await readModulesOf({ release, image, modulesFolder }, join(modulesFolder, "modules.dep"));
}

async function readModulesOf(kernel: Omit<Kernel, "modules">, indexFile: string): Promise<Kernel> {
  const dep = await readText(indexFile);
  const builtin = await readText(join(kernel.modulesFolder, "modules.builtin"));
  return { ...kernel, modules: planModules(parseModuleIndex(dep, builtin), kernel.release) };
}

/** Debian's modules.dep is of half a MB. */
const TEXT_LIMIT_BYTES = 64 * 1024 ** 2;

/** A text in a folder that may be anybody's: what leads out of it is not read. */
async function readIfThere(path: string): Promise<string | undefined> {
  const file = { folder: dirname(path), path, where: path, limitBytes: TEXT_LIMIT_BYTES };
  return await readSmallFile({ ...file, code: "image.kernel" });
}

async function readText(path: string): Promise<string> {
  const text = await readIfThere(path);
  if (text === undefined) throw new BerthError("image.kernel", `${path}: there is no such file`);
  return text;
}

/** Downloads Debian's cloud kernel and unpacks it into the work folder; nothing is installed on the host. */
async function downloadKernel(
  kernelPackage: string,
  { workFolder, onProgress, signal }: KernelSources,
): Promise<Kernel> {
  const release = kernelPackage.replace(/^linux-image-/, "");
  onProgress(`kernel: downloading Debian's ${kernelPackage}`);
  // APT would drop to its own user for the download, who may not write here, and warn about it.
  const apt = ["-o", "APT::Sandbox::User=root", "download", kernelPackage];
  await runTool({ command: "apt-get", args: apt, tied: true, cwd: workFolder, signal });
  const deb = await findDeb(workFolder);
  const root = join(workFolder, "kernel");
  await runTool({ command: "dpkg-deb", args: ["-x", deb, root], tied: true, signal });
  // The package leaves modules.dep to its installation scripts.
  await runTool({ command: "depmod", args: ["-b", root, release], tied: true, signal });
  return await readKernel(release, join(root, "boot"), join(root, "lib/modules"));
}

/** The package that the cloud kernel's name stands for at the moment, as in `linux-image-6.1.0-56-cloud-amd64`. */
async function cloudKernelPackage(signal?: AbortSignal): Promise<string> {
  const args = ["--no-all-versions", "show", CLOUD_KERNEL];
  let shown = await tryTool({ command: "apt-cache", args, signal });
  if (!shown.success) {
    await runTool({ command: "apt-get", args: ["update"], tied: true, signal });
    shown = await tryTool({ command: "apt-cache", args, signal });
  }
  const match = /^Depends:.*?\b(linux-image-[0-9][\w.+-]*)/m.exec(shown.stdout);
  if (match) return match[1];
  throw new BerthError("image.kernel", `neither /boot has a usable kernel nor does APT know ${CLOUD_KERNEL}`);
}

async function findDeb(folder: string): Promise<string> {
  for await (const { path } of walk(folder, { maxDepth: 1, includeDirs: false, exts: ["deb"] })) return path;
  throw new BerthError("image.kernel", "apt-get download has left no package");
}
