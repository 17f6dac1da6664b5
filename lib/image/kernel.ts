/**
 * Finds the kernel that a guest boots: the host's own where it is usable, else Debian's cloud kernel.
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { join } from "@std/path";
import { BerthError, describeError } from "../base/errors.ts";
import { planTied } from "../process/tied.ts";
import { runTool, tryTool } from "../process/tool.ts";
import { type ModuleFile, parseModuleIndex, planModules } from "./modules.ts";

/** Debian's name for the newest kernel made for virtual machines. */
const CLOUD_KERNEL = "linux-image-cloud-amd64";

/** A kernel image and its modules. */
export interface Kernel {
  readonly release: string;
  /** The compressed kernel image (bzImage). */
  readonly image: string;
  readonly modulesFolder: string;
  readonly modules: readonly ModuleFile[];
}

/** Where a kernel may come from, and where a downloaded one may be put. */
export interface KernelSources {
  readonly bootFolder: string;
  readonly modulesFolder: string;
  readonly workFolder: string;
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** The newest usable kernel of the host, else a downloaded one. */
export async function findKernel(sources: KernelSources): Promise<Kernel> {
  for (const release of await releases(sources.modulesFolder)) {
    try {
      const kernel = await readKernel(release, sources.bootFolder, sources.modulesFolder);
      sources.onProgress(`kernel: the host's ${release}`);
      return kernel;
    } catch (error) {
      sources.onProgress(`kernel: the host's ${release} can't be used (${describeError(error)})`);
    }
  }
  return await downloadKernel(sources);
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
  const dep = await Deno.readTextFile(join(modulesFolder, "modules.dep"));
  const builtin = await Deno.readTextFile(join(modulesFolder, "modules.builtin"));
  return { release, image, modulesFolder, modules: planModules(parseModuleIndex(dep, builtin), release) };
}

/** Downloads Debian's cloud kernel and unpacks it into the work folder; nothing is installed on the host. */
async function downloadKernel({ workFolder, onProgress, signal }: KernelSources): Promise<Kernel> {
  const kernelPackage = await cloudKernelPackage(signal);
  const release = kernelPackage.replace(/^linux-image-/, "");
  onProgress(`kernel: downloading Debian's ${kernelPackage}`);
  // APT would drop to its own user for the download, who may not write here, and warn about it.
  const apt = ["-o", "APT::Sandbox::User=root", "download", kernelPackage];
  await runTool({ ...planTied("apt-get", apt), cwd: workFolder, signal });
  const deb = await findDeb(workFolder);
  const root = join(workFolder, "kernel");
  await runTool({ command: "dpkg-deb", args: ["-x", deb, root], signal });
  // The package leaves modules.dep to its installation scripts.
  await runTool({ command: "depmod", args: ["-b", root, release], signal });
  return await readKernel(release, join(root, "boot"), join(root, "lib/modules"));
}

/** The package that the cloud kernel's name stands for at the moment, as in `linux-image-6.1.0-56-cloud-amd64`. */
async function cloudKernelPackage(signal?: AbortSignal): Promise<string> {
  const args = ["--no-all-versions", "show", CLOUD_KERNEL];
  let shown = await tryTool({ command: "apt-cache", args, signal });
  if (!shown.success) {
    await runTool({ command: "apt-get", args: ["update"], signal });
    shown = await tryTool({ command: "apt-cache", args, signal });
  }
  const match = /^Depends:.*?\b(linux-image-[0-9][\w.+-]*)/m.exec(shown.stdout);
  if (match) return match[1];
  throw new BerthError("image.kernel", `neither /boot has a usable kernel nor does APT know ${CLOUD_KERNEL}`);
}

async function findDeb(folder: string): Promise<string> {
  for await (const entry of Deno.readDir(folder)) if (entry.name.endsWith(".deb")) return join(folder, entry.name);
  throw new BerthError("image.kernel", "apt-get download has left no package");
}
