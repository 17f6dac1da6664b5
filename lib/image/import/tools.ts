/**
 * The tools that take a root file system in: their command lines (pure), and how they are run and their words
 * understood.
 *
 * Each one sees its source, read-only, and the tools' work folder, and nothing else of the host. It is behind
 * a filter of system calls, and a user of its own unless it keeps the owners of files. It gets the capabilities that its
 * part needs, the network only when it fetches from a registry, and no more than a share of the host's memory.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { formatBytes } from "../../base/units.ts";
import { packageHint } from "../../host/programs.ts";
import { planJail } from "../../process/jail.ts";
import { planTie } from "../../process/tie_to_parent.ts";
import { tryTool } from "../../process/tool.ts";
import { jailOptionsOf, type ToolJail } from "../../process/tool_jail.ts";
import { PACKING, rootFolder } from "../squashfs.ts";
import { lastWords } from "./words.ts";

/** Tool of an import at work: command line and jail. */
export interface ToolPlan {
  readonly argv: readonly string[];
  readonly readOnly: readonly string[];
  readonly writable: readonly string[];
  readonly capabilities?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly network?: boolean;
}

/** Bounds of an import's tools. */
export interface ToolBounds {
  /** Absent: they get none. */
  readonly jail?: ToolJail;
  /** What each of them may take. */
  readonly memoryMaxBytes: number;
}

/** Five times what every one of them has been seen to do with (200 MB, for a root file system of 300 MB). */
const LEAST_MEMORY_BYTES = 1024 ** 3;

/**
 * Memory that an import's tools may take, bytes: half of what the host has available, as two of them work at a time.
 *
 * `sqfstar` keeps the whole tree, some 0.85 KiB a file: millions of empty files are a small archive. Pure.
 */
export function planToolMemory(availableBytes: number): number {
  return Math.max(LEAST_MEMORY_BYTES, Math.floor(availableBytes / 2));
}

/** The user's files may be readable to their owner only. */
const READS_ALL = ["CAP_DAC_READ_SEARCH"];
/** What keeps owners, modes (set-group-id needs FSETID), file capabilities and device nodes. */
const KEEPS_ALL = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_SETFCAP", "CAP_MKNOD"];

/** What a packer keeps of files' contents, beside its tree: left alone it takes a quarter of all the host's memory. */
function packing({ memoryMaxBytes }: ToolBounds): string[] {
  return [...PACKING, "-mem", `${Math.floor(memoryMaxBytes / 4 / 1024 ** 2)}M`];
}

/**
 * Plan: a tar on standard input → squashfs.
 *
 * @param to.rootMode of the archive's own folder, which `sqfstar` passes over. Whose it is, it can't be told.
 */
export function planPackTar(
  { image, rootMode }: { readonly image: string; readonly rootMode?: number },
  toolsFolder: string,
  bounds: ToolBounds,
): ToolPlan {
  const argv = ["sqfstar", ...packing(bounds), ...rootFolder(rootMode), image];
  return { argv, readOnly: [], writable: [toolsFolder] };
}

/** Plan: a folder → squashfs. A file that can't be read ends it. */
export function planPackFolder(folder: string, image: string, toolsFolder: string, bounds: ToolBounds): ToolPlan {
  const readOnly = folder.startsWith(`${toolsFolder}/`) ? [] : [folder];
  const argv = ["mksquashfs", folder, image, ...packing(bounds), "-exit-on-error"];
  return { argv, readOnly, writable: [toolsFolder], capabilities: READS_ALL };
}

/** Plan: compressed standard input → standard output. */
export function planUnpack(compression: "gzip" | "xz" | "zstd", bounds: ToolBounds): ToolPlan {
  // xz takes fewer threads, and none at last, to stay below what it is told.
  const memory = compression === "xz" ? [`--memlimit=${Math.floor(bounds.memoryMaxBytes / 2)}`] : [];
  const threads = compression === "gzip" ? [] : ["-T0"];
  return { argv: [compression, "-dc", ...threads, ...memory], readOnly: [], writable: [] };
}

/** Plan: the one file of that name in a tar on standard input → standard output. */
export function planTakeMember(name: string): ToolPlan {
  const argv = ["tar", "--extract", "--to-stdout", "--file=-", "--occurrence", name];
  return { argv, readOnly: [], writable: [] };
}

/** Plan: a tar on standard input → files in a folder; owners do not matter. */
export function planUnpackTar(folder: string): ToolPlan {
  const argv = ["tar", "--extract", "--file=-", "--no-same-owner", "--no-same-permissions", `--directory=${folder}`];
  return { argv, readOnly: [], writable: [folder] };
}

/**
 * Plan: a tar on standard input → a root file system in a folder. GNU tar reads what `sqfstar` does not: sparse files,
 * members that come again, and every other dialect.
 */
export function planUnpackRoot(folder: string, keepsOwners: boolean): ToolPlan {
  // Who can give files to nobody can make no nodes; the guest makes its own.
  const owners = keepsOwners
    ? ["--same-owner", "--numeric-owner"]
    : ["--no-same-owner", "--anchored", "--exclude=./dev/*", "--exclude=dev/*"];
  return {
    argv: [
      ...["tar", "--extract", "--file=-", ...owners, "--same-permissions", "--delay-directory-restore"],
      ...["--xattrs", "--xattrs-include=*", `--directory=${folder}`],
    ],
    readOnly: [],
    writable: [folder],
    capabilities: KEEPS_ALL,
  };
}

/** As skopeo is told it; a registry may answer a byte a minute. */
const FETCH_DEADLINE = { option: "1h", words: "an hour" };

/** Plan: whatever skopeo can read → an OCI layout in the work folder, whose layers are what umoci can unpack (gzip). */
export function planCopy(options: {
  readonly from: string;
  readonly layout: string;
  readonly readOnly: readonly string[];
  readonly toolsFolder: string;
  /** From a registry: with the network, and these settings of the user's for it. */
  readonly proxies?: Readonly<Record<string, string>>;
}): ToolPlan {
  const { from, layout, readOnly, toolsFolder, proxies } = options;
  return {
    argv: [
      // Whether an image is to be trusted is the user's decision, made by importing it; it runs in a VM.
      ...["skopeo", "--insecure-policy", "--tmpdir", toolsFolder, "--override-os", "linux", "--override-arch", "amd64"],
      ...(proxies ? ["--command-timeout", FETCH_DEADLINE.option] : []),
      ...["copy", "--quiet", "--dest-compress", "--dest-compress-format", "gzip", from, `oci:${layout}:berth`],
    ],
    readOnly,
    writable: [toolsFolder],
    // A registry's images are nobody's files on this host: there is nothing to read but the work folder.
    capabilities: proxies ? [] : READS_ALL,
    env: { TMPDIR: toolsFolder, HOME: toolsFolder, ...proxies },
    network: proxies !== undefined,
  };
}

/** Plan: an image's layers, one over the other → a folder. */
export function planUnpackImage(options: {
  readonly layout: string;
  readonly folder: string;
  readonly toolsFolder: string;
  readonly keepsOwners: boolean;
}): ToolPlan {
  const { layout, folder, toolsFolder, keepsOwners } = options;
  return {
    argv: [
      ...["umoci", "raw", "unpack", ...(keepsOwners ? [] : ["--rootless"])],
      ...["--image", `${layout}:berth`, folder],
    ],
    readOnly: [],
    writable: [toolsFolder],
    capabilities: KEEPS_ALL,
    env: { TMPDIR: toolsFolder, HOME: toolsFolder },
  };
}

/**
 * Private memory that can be written (RLIMIT_DATA, Linux 4.7): a limit on address space would count what Go's runtime
 * and each thread only reserve. A lower limit of the caller's stays. So does nothing of the caller's umask: folders that
 * no layer names get their modes by it.
 */
const LIMIT_MEMORY = 'umask 022; ulimit -d "$1" 2>/dev/null || [ "$(ulimit -d)" != unlimited ] && shift && exec "$@"';

/** Command line of a tool within its bounds. Pure, but for this process's own id. */
export function planCommand(plan: ToolPlan, { jail, memoryMaxBytes }: ToolBounds): {
  command: "sh";
  args: string[];
  env: Readonly<Record<string, string>>;
  leadsGroup: true;
} {
  const { argv, env = {}, ...view } = plan;
  const filter = plan.network ? "network" : plan.capabilities?.includes("CAP_MKNOD") ? "nodes" : "plain";
  // Ends with berth, as a jail does. A group of its own either way: when it is stopped, so is all that it has started.
  const around = jail ? planJail({ ...view, ...jailOptionsOf(jail, filter), cwd: "/" }) : ["setsid", ...planTie()];
  const memoryKib = String(Math.floor(memoryMaxBytes / 1024));
  const args = ["-c", LIMIT_MEMORY, "berth-import", memoryKib, ...around, ...argv];
  return { command: "sh", args, env, leadsGroup: true };
}

/** Runs a tool that must succeed. @param where what it works on, for messages. Returns its standard output. */
export async function runImportTool(
  plan: ToolPlan,
  { bounds, where, signal }: { readonly bounds: ToolBounds; readonly where: string; readonly signal: AbortSignal },
): Promise<string> {
  const { success, code, stdout, stderr } = await tryTool({ ...planCommand(plan, bounds), signal });
  if (!success) throw explainTool({ tool: plan.argv[0], code, words: stderr }, where, bounds);
  return stdout;
}

/** End of a tool that failed. */
export interface ToolEnd {
  readonly tool: string;
  readonly code: number;
  /** The end of what it said. */
  readonly words: string;
}

const NO_MEMORY =
  /out of memory|cannot allocate memory|not enough memory|memory exhausted|memory usage limit|failed to create thread/i;

/** Error of a tool's end, in one sentence. */
export function explainTool({ tool, code, words }: ToolEnd, where: string, bounds: ToolBounds): BerthError {
  if (/no space left on device/i.test(words)) {
    return new BerthError("host.disk-full", `importing ${where}: no space left on the disk`);
  }
  if (NO_MEMORY.test(words)) {
    const most = formatBytes(bounds.memoryMaxBytes);
    return new BerthError(
      "host.memory",
      `${where}: ${tool} needs more memory for it than the ${most} that it may take`,
    );
  }
  if (/(execvp|failed to execute) .*: No such file or directory|exec: .*not found/.test(words)) {
    return new BerthError("host.program-missing", `the program ${tool} is not on this host${packageHint(tool)}`);
  }
  // Where Go's HTTP client has a deadline of its own, it names it.
  if (tool === "skopeo" && /context deadline exceeded(?! \(Client\.Timeout)/.test(words)) {
    return new BerthError("wait.deadline", `${where}: waited ${FETCH_DEADLINE.words} for the registry`);
  }
  // A shell's way to tell a signal: only hostile archives have been seen to bring a tool down.
  const end = code > 128 ? `was brought down by it (signal ${code - 128})` : `refuses it: ${lastWords(words)}`;
  return new BerthError("image.import", `${where}: ${tool} ${end}`);
}
