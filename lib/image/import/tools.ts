/**
 * The tools that take a root file system in: their command lines (pure), and how they are run and their words
 * understood.
 *
 * Each one sees its source, read-only, and the work folder, and nothing else of the host. It gets the capabilities that
 * its part needs and the network only when it fetches from a registry.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { packageHint } from "../../host/programs.ts";
import { planJail } from "../../process/jail.ts";
import { tryTool } from "../../process/tool.ts";
import { lastWords } from "./words.ts";

/** One tool at work. */
export interface ToolPlan {
  readonly argv: readonly string[];
  readonly readOnly: readonly string[];
  readonly writable: readonly string[];
  readonly capabilities?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly network?: boolean;
}

/** The user's files may be readable to their owner only. */
const READS_ALL = ["CAP_DAC_READ_SEARCH"];
/** What keeps owners, modes (set-group-id needs FSETID), file capabilities and device nodes. */
const KEEPS_ALL = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_SETFCAP", "CAP_MKNOD"];

// lz4: what a guest reads it unpacks on its one virtual CPU, and an emulated one is slow.
const PACKING = ["-no-progress", "-quiet", "-comp", "lz4", "-Xhc"];

/** A tar on standard input → squashfs. */
export function planPackTar(image: string, workFolder: string): ToolPlan {
  return { argv: ["sqfstar", ...PACKING, image], readOnly: [], writable: [workFolder] };
}

/** A folder → squashfs. A file that can't be read ends it. */
export function planPackFolder(folder: string, image: string, workFolder: string): ToolPlan {
  const readOnly = folder.startsWith(`${workFolder}/`) ? [] : [folder];
  const argv = ["mksquashfs", folder, image, ...PACKING, "-exit-on-error"];
  return { argv, readOnly, writable: [workFolder], capabilities: READS_ALL };
}

/** A compressed file → standard output. */
export function planUnpack(compression: "gzip" | "xz" | "zstd", source: string): ToolPlan {
  const threads = compression === "gzip" ? [] : ["-T0"];
  return {
    argv: [compression, "-dc", ...threads, "--", source],
    readOnly: [source],
    writable: [],
    capabilities: READS_ALL,
  };
}

/** The one file of that name in a tar on standard input → standard output. */
export function planTakeMember(name: string): ToolPlan {
  const argv = ["tar", "--extract", "--to-stdout", "--file=-", "--occurrence", name];
  return { argv, readOnly: [], writable: [] };
}

/** A tar on standard input → files in a folder; owners do not matter. */
export function planUnpackTar(folder: string): ToolPlan {
  const argv = ["tar", "--extract", "--file=-", "--no-same-owner", "--no-same-permissions", `--directory=${folder}`];
  return { argv, readOnly: [], writable: [folder] };
}

/** Whatever skopeo can read → an OCI layout in the work folder, whose layers are what umoci can unpack (gzip). */
export function planCopy(options: {
  readonly from: string;
  readonly layout: string;
  readonly readOnly: readonly string[];
  readonly workFolder: string;
  /** From a registry: with the network, and these settings of the user's for it. */
  readonly proxies?: Readonly<Record<string, string>>;
}): ToolPlan {
  const { from, layout, readOnly, workFolder, proxies } = options;
  return {
    argv: [
      // Whether an image is to be trusted is the user's decision, made by importing it; it runs in a VM.
      ...["skopeo", "--insecure-policy", "--tmpdir", workFolder, "--override-os", "linux", "--override-arch", "amd64"],
      ...["copy", "--quiet", "--dest-compress", "--dest-compress-format", "gzip", from, `oci:${layout}:berth`],
    ],
    readOnly,
    writable: [workFolder],
    // A registry's images are nobody's files on this host: there is nothing to read but the work folder.
    capabilities: proxies ? [] : READS_ALL,
    env: { TMPDIR: workFolder, HOME: workFolder, ...proxies },
    network: proxies !== undefined,
  };
}

/** An image's layers, one over the other → a folder. */
export function planUnpackImage(options: {
  readonly layout: string;
  readonly folder: string;
  readonly workFolder: string;
  readonly keepsOwners: boolean;
}): ToolPlan {
  const { layout, folder, workFolder, keepsOwners } = options;
  return {
    argv: [
      ...["umoci", "raw", "unpack", ...(keepsOwners ? [] : ["--rootless"])],
      ...["--image", `${layout}:berth`, folder],
    ],
    readOnly: [],
    writable: [workFolder],
    capabilities: KEEPS_ALL,
    env: { TMPDIR: workFolder, HOME: workFolder },
  };
}

/** A command line, jailed or not. Pure. */
export function planCommand(plan: ToolPlan, jailed: boolean): {
  command: string;
  args: string[];
  env: Readonly<Record<string, string>>;
  leadsGroup: true;
} {
  const { argv, env = {}, ...view } = plan;
  // A group of its own either way: when it is stopped, all that it has started goes with it.
  const [command, ...args] = [...(jailed ? planJail({ ...view, cwd: "/" }) : ["setsid"]), ...argv];
  return { command, args, env, leadsGroup: true };
}

/** Runs a tool that must succeed. @param where what it works on, for messages. Returns its standard output. */
export async function runImportTool(
  plan: ToolPlan,
  options: {
    readonly jailed: boolean;
    readonly where: string;
    readonly signal: AbortSignal;
    readonly stdin?: ReadableStream<Uint8Array<ArrayBuffer>>;
  },
): Promise<string> {
  const { jailed, where, signal, stdin } = options;
  const { success, code, stdout, stderr } = await tryTool({ ...planCommand(plan, jailed), signal, stdin });
  if (!success) throw explainTool(plan.argv[0], code, stderr, where);
  return stdout;
}

/** What a tool's end means, in one sentence. */
export function explainTool(tool: string, code: number, stderr: string, where: string): BerthError {
  if (/no space left on device/i.test(stderr)) {
    return new BerthError("host.disk-full", `importing ${where}: no space left on the disk`);
  }
  if (/(execvp|failed to execute) .*: No such file or directory/.test(stderr)) {
    return new BerthError("host.program-missing", `the program ${tool} is not on this host${packageHint(tool)}`);
  }
  // A shell's way to tell a signal: only hostile archives have been seen to bring a tool down.
  const end = code > 128 ? `was brought down by it (signal ${code - 128})` : `refuses it: ${lastWords(stderr)}`;
  return new BerthError("image.import", `${where}: ${tool} ${end}`);
}
