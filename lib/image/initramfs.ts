/**
 * Builds the initramfs that every guest boots: busybox, the kernel modules it needs, the agent.
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { basename, join } from "@std/path";
import { BerthError } from "../base/errors.ts";
import { runTool } from "../process/tool.ts";
import { type CpioEntry, readCpioFiles, writeCpio } from "./cpio.ts";
import type { Kernel } from "./kernel.ts";
import { type ModuleBinary, moduleName } from "./modules.ts";
import { readSmallBytes } from "../files/small_file.ts";

/** Contents of an initramfs. */
export interface InitramfsInputs {
  /** A statically linked busybox. */
  readonly busybox: Uint8Array;
  /** The names of its applets. */
  readonly applets: readonly string[];
  readonly modules: readonly ModuleBinary[];
  /** Path → text. */
  readonly agentFiles: Readonly<Record<string, string>>;
  /** Path → program, static. */
  readonly programs: Readonly<Record<string, Uint8Array>>;
}

const FOLDERS = ["bin", "berth", "dev", "image", "image/bin", "image/etc", "image/root", "modules", "proc", "sys"];
const PASSWD = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n";
const GROUP = "root:x:0:\nnogroup:x:65534:\n";

/** Archive of an initramfs. Pure: the same inputs give the same bytes. */
export function planInitramfs(inputs: InitramfsInputs): Uint8Array<ArrayBuffer> {
  const text = (path: string, content: string, mode = 0o644): CpioEntry => ({
    type: "file",
    path,
    mode,
    data: new TextEncoder().encode(content),
  });
  const applets = inputs.applets.filter((name) => name !== "busybox").toSorted();
  const link = (folder: string) => (name: string): CpioEntry => ({
    type: "symlink",
    path: `${folder}/${name}`,
    target: "busybox",
  });
  return writeCpio([
    ...FOLDERS.map((path): CpioEntry => ({ type: "directory", path, mode: 0o755 })),
    { type: "file", path: "bin/busybox", mode: 0o755, data: inputs.busybox },
    ...applets.map(link("bin")),
    // The job's root of an image without a disk. The agent puts busybox itself there.
    ...applets.map(link("image/bin")),
    text("image/etc/passwd", PASSWD),
    text("image/etc/group", GROUP),
    ...Object.entries(inputs.agentFiles).map(([path, content]) => text(path, content, 0o755)),
    ...Object.entries(inputs.programs).map(([path, data]): CpioEntry => ({ type: "file", path, mode: 0o755, data })),
    text("modules/order", inputs.modules.map(({ group, name }) => `${group} ${name}\n`).join("")),
    ...inputs.modules.map(({ name, data }): CpioEntry => ({
      type: "file",
      path: `modules/${name}`,
      mode: 0o644,
      data,
    })),
  ]);
}

/** Modules in an initramfs of berth's; undefined when it is none. Pure. */
export function readModulesIn(initramfs: Uint8Array): ModuleBinary[] | undefined {
  const files = readCpioFiles(initramfs);
  const order = files?.get("modules/order");
  if (!files || !order) return undefined;
  const lines = new TextDecoder().decode(order).split("\n").filter((line) => line);
  const modules = lines.map((line) => line.split(" ")).map(([group, name]) => ({
    group,
    name,
    data: files.get(`modules/${name}`),
  }));
  return modules.every((module): module is ModuleBinary => module.data !== undefined) ? modules : undefined;
}

/** The largest of Debian's is of 7 MB. */
const MODULE_LIMIT_BYTES = 64 * 1024 ** 2;

/**
 * Reads a kernel's modules, unpacking those that the distribution has compressed in the work folder. The folder may be
 * anybody's: what leads out of it is none of its modules.
 */
export async function readModules(
  kernel: Kernel,
  workFolder: string,
  signal?: AbortSignal,
): Promise<readonly ModuleBinary[]> {
  if (kernel.binaries) return kernel.binaries;
  const { modulesFolder: folder } = kernel;
  return await Promise.all(kernel.modules.map(async ({ group, path }) => {
    const file = { folder, path: join(folder, path), where: join(folder, path), limitBytes: MODULE_LIMIT_BYTES };
    const packed = await readSmallBytes({ ...file, code: "image.kernel" });
    if (!packed) throw new BerthError("image.kernel", `${file.path}: there is no such module`);
    return { group, name: `${moduleName(path)}.ko`, data: await unpackModule(packed, file.path, workFolder, signal) };
  }));
}

const UNPACKERS: Readonly<Record<string, string>> = { ".xz": "xz", ".gz": "gzip", ".zst": "zstd" };

async function unpackModule(
  bytes: Uint8Array<ArrayBuffer>,
  path: string,
  workFolder: string,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const extension = path.slice(path.lastIndexOf("."));
  if (extension === ".ko") return bytes;
  const unpacker = UNPACKERS[extension];
  if (!unpacker) throw new BerthError("image.kernel", `${path}: berth can't unpack ${extension} modules`);
  const packed = join(workFolder, basename(path));
  await Deno.writeFile(packed, bytes);
  // What a few bytes unpack to has no end of its own; the signal is of who watches the disk, too.
  await runTool({ command: unpacker, args: ["-d", packed], tied: true, signal });
  return await Deno.readFile(packed.slice(0, -extension.length));
}

/** Reads the host's static busybox and asks it for its applets. */
export async function readBusybox(path: string): Promise<{ busybox: Uint8Array; applets: string[] }> {
  const busybox = await Deno.readFile(path).catch((cause) => {
    throw new BerthError("host.program-missing", "the host has no /bin/busybox", { cause });
  });
  // A dynamically linked program names its loader, which the initramfs has not.
  if (new TextDecoder("latin1").decode(busybox).includes("/ld-linux")) {
    throw new BerthError("host.program-missing", "/bin/busybox is not statically linked; berth needs busybox-static");
  }
  const list = await runTool({ command: "busybox", args: ["--list"] });
  return { busybox, applets: list.split("\n").filter((name) => name) };
}
