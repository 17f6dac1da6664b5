/**
 * The programs of the host that berth runs, and where Debian and Ubuntu keep them.
 *
 * @module
 */

/** Folders that programs are looked for in, whatever the caller's own PATH is. */
export const HOST_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Program of the host, its package, and what it is for. */
export interface HostProgram {
  readonly program: string;
  readonly package: string;
  readonly purpose: string;
  /** Only building and importing images needs it; jobs, and the image "default", do not. */
  readonly onlyForImages?: boolean;
}

/** Programs that berth needs for its own work. */
export const HOST_PROGRAMS: readonly HostProgram[] = [
  { program: "qemu-system-x86_64", package: "qemu-system-x86", purpose: "runs the microVMs" },
  { program: "bwrap", package: "bubblewrap", purpose: "jails QEMU" },
  { program: "busybox", package: "busybox-static", purpose: "is the guest's small root file system" },
  { program: "mke2fs", package: "e2fsprogs", purpose: "makes disks of workspaces" },
  { program: "unshare", package: "util-linux", purpose: "makes namespaces" },
  {
    program: "setpriv",
    package: "util-linux",
    purpose: "ends children with their parent, and makes VMMs users of their own",
  },
  { program: "prlimit", package: "util-linux", purpose: "keeps QEMU from dumping core" },
  { program: "setsid", package: "util-linux", purpose: "keeps the terminal's signals away" },
  { program: "fallocate", package: "util-linux", purpose: "gives back the disk space of output that was delivered" },
  { program: "mount", package: "mount", purpose: "makes windows" },
  { program: "debugfs", package: "e2fsprogs", purpose: "removes what mke2fs has added" },
  { program: "find", package: "findutils", purpose: "looks at workspaces" },
  { program: "cp", package: "coreutils", purpose: "copies disks, and workspaces that are busy" },
  { program: "tar", package: "tar", purpose: "takes artifacts out" },
  { program: "depmod", package: "kmod", purpose: "orders the guest kernel's modules" },
  { program: "dpkg-deb", package: "dpkg", purpose: "unpacks the guest's kernel" },
  { program: "xz", package: "xz-utils", purpose: "unpacks kernel modules" },
  { program: "zstd", package: "zstd", purpose: "unpacks kernel modules" },
  {
    program: "mmdebstrap",
    package: "mmdebstrap",
    purpose: "makes root file systems of Debian packages",
    onlyForImages: true,
  },
  { program: "sqfstar", package: "squashfs-tools", purpose: "packs root file systems", onlyForImages: true },
  { program: "mksquashfs", package: "squashfs-tools", purpose: "packs root file systems", onlyForImages: true },
  { program: "skopeo", package: "skopeo", purpose: "fetches and converts OCI images", onlyForImages: true },
  { program: "umoci", package: "umoci", purpose: "unpacks OCI images", onlyForImages: true },
];

/** Hint `; Debian and Ubuntu have it in the package x` for a program that berth knows; else the empty text. */
export function packageHint(program: string): string {
  const known = HOST_PROGRAMS.find((one) => one.program === program);
  return known ? `; Debian and Ubuntu have it in the package ${known.package}` : "";
}
