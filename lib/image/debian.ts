/**
 * Makes a read-only root file system from Debian packages with mmdebstrap.
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { join } from "@std/path";
import { BerthError } from "../base/errors.ts";
import { planTie } from "../process/tie_to_parent.ts";
import { runTool, tryTool } from "../process/tool.ts";
import { PACKING, rootFolder } from "./squashfs.ts";

/** Release and packages of a root file system. */
export interface DebianOptions {
  /** Debian's code name, as in `bookworm`. */
  readonly suite: string;
  readonly packages: readonly string[];
  readonly workFolder: string;
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Builds a root file system of Debian packages, and returns the path of its squashfs image in the work folder. */
export async function buildDebianRoot(options: DebianOptions): Promise<string> {
  const { suite, packages, workFolder, onProgress, signal } = options;
  const tar = join(workFolder, "root.tar");
  const sources = await hostSources(suite, signal);
  const result = await tryTool({
    // In namespaces of its own: when it is stopped, its processes and mounts go with it. And it ends with berth, however
    // berth ends: nobody else may write into the work folder then.
    command: "setsid",
    leadsGroup: true,
    args: [
      ...[
        ...planTie(),
        "sh",
        "-c",
        'umask 022 && exec "$@"',
        "sh",
        "unshare",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "mmdebstrap",
      ],
      "--variant=minbase",
      "--format=tar",
      // Nobody reads manuals in a throwaway VM, and they are a fifth of the packages' size.
      ...["man", "doc", "locale", "info"].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
      // mmdebstrap takes them from the host, for the packages' own scripts.
      `--customize-hook=rm -f "$1/etc/hostname" "$1/etc/resolv.conf"`,
      ...(packages.length ? [`--include=${packages.join(",")}`] : []),
      suite,
      tar,
      ...sources,
    ],
    env: { TMPDIR: workFolder },
    onLine: (line) => line.startsWith("I: ") && onProgress(line.slice(3)),
    signal,
  });
  if (!result.success) throw explain(result.stderr, suite);
  const image = join(workFolder, "root.squashfs");
  onProgress("writing the root file system (squashfs)");
  await runTool({
    command: "sh",
    args: ["-c", 'tar=$1 && shift && exec sqfstar "$@" <"$tar"', "sqfstar", tar, ...PACKING, ...rootFolder(), image],
    tied: true,
    signal,
  });
  await Deno.remove(tar);
  return image;
}

/**
 * The host's own APT sources for the suite, so that a mirror is set up in one place. None (another
 * distribution, another suite): mmdebstrap takes Debian's own servers.
 */
async function hostSources(suite: string, signal?: AbortSignal): Promise<string[]> {
  const format = "$(SITE)\t$(RELEASE)\t$(COMPONENT)";
  const listed = await tryTool({
    command: "apt-get",
    args: ["indextargets", "--format", format, "Created-By: Packages"],
    signal,
  });
  return planSources(listed.stdout, suite);
}

/** Lines for a sources.list from `apt-get indextargets`. Pure. */
export function planSources(targets: string, suite: string): string[] {
  const lines = targets.split("\n").map((line) => line.split("\t")).filter(([_, release]) =>
    release === suite || release?.startsWith(`${suite}-`)
  );
  // mmdebstrap finds the key that each one is signed with.
  const sources = lines.map(([site, release, component]) => `deb ${site} ${release} ${component}`);
  return [...new Set(sources)];
}

/** Turns APT's words into one sentence. */
function explain(stderr: string, suite: string): BerthError {
  const unknown = [...stderr.matchAll(/E: (?:Unable to locate package|Package ')\s*([^\s']+)/g)].map((m) => m[1]);
  if (unknown.length) {
    const names = [...new Set(unknown)].map((name) => `"${name}"`).join(", ");
    return new BerthError("image.package", `Debian ${suite} has no package ${names}`);
  }
  if (stderr.includes("No space left on device")) {
    return new BerthError("host.disk-full", "building the root file system: no space left on the disk");
  }
  const errors = stderr.split("\n").filter((line) => line.startsWith("E:")).slice(-3).join(" ");
  return new BerthError("image.build", `mmdebstrap failed: ${errors || stderr.trim().slice(-500)}`);
}
