/**
 * Where the host process finds what it may touch: everything is bind-mounted below one folder, and its permissions name
 * nothing else.
 *
 * @module
 */

/** Folder that the host process may read and write; there is no other. */
export const ROOT = "/run/berth/self";

/** Folder of images, jobs, and what is remembered about the host. */
export const STATE = `${ROOT}/state`;

/** The folder given as `--workspace`, read-only. */
export const WORKSPACE = `${ROOT}/workspace`;

/** The folder given as `--image`, when it is a path; read-only. */
export const IMAGE = `${ROOT}/image`;

/** The file given as `--report`. */
export const REPORT = `${ROOT}/report`;

/** The file given as `--events`, or a FIFO on the way to the descriptor that was given. */
export const EVENTS = `${ROOT}/events`;

/** Folder of the host's kernels, read-only; it may be missing. */
export const BOOT = `${ROOT}/boot`;
/** Folder of the host's kernels' modules, read-only; it may be missing. */
export const MODULES = `${ROOT}/modules`;

/** The host's busybox, read-only. */
export const BUSYBOX = `${ROOT}/busybox`;

/** File or folder that `berth image import` imports, read-only. */
export const SOURCE = `${ROOT}/source`;

/** Folder that `berth systemd install` puts units into. */
export const UNITS = `${ROOT}/units`;

/** File given as `--kernel`, read-only. */
export const KERNEL = `${ROOT}/kernel/image`;
/** Folder that this kernel is in, read-only. */
export const KERNEL_FOLDER = `${ROOT}/kernel/folder`;
/** Folder given as `--modules`, read-only. */
export const KERNEL_MODULES = `${ROOT}/kernel/modules`;
/** Folder of modules that stands beside this kernel, read-only. */
export const KERNEL_LIB = `${ROOT}/kernel/lib`;

/** The cgroup that VMs' groups are made in, or that of a VM. */
export const CGROUP = `${ROOT}/cgroup`;

/** The slice that systemd makes VMs' scopes in. */
export const SLICE = `${ROOT}/slice`;

/** Facts from /proc and /dev, written by windows.sh. */
export const HOST_FACTS = `${ROOT}/host`;

/** Socket that VMMs dial into for QMP. Its exact path stands in the permissions. */
export const QMP_SOCKET = `${ROOT}/qmp.sock`;
/** Socket that guests' agents dial into. Its exact path stands in the permissions. */
export const AGENT_SOCKET = `${ROOT}/agent.sock`;
/** Socket that VMMs write a saved state into. Its exact path stands in the permissions. */
export const SAVE_SOCKET = `${ROOT}/save.sock`;

/** Folder of locks that tell which users of the host VMMs are: see vm_user.ts. It is there for root only. */
export const USERS = `${ROOT}/users`;

/** Path of the window of a device node that a VM may use. */
export function nodeWindow(path: string): string {
  return `${ROOT}/nodes${path}`;
}

/** Path of the window of the folder of the n-th `--artifact`. */
export function artifactWindow(index: number): string {
  return `${ROOT}/artifacts/${index}`;
}

/** Path of the window of the n-th `--volume` that names a path; read-only. */
export function volumeWindow(index: number): string {
  return `${ROOT}/volumes/${index}`;
}

/** Bind mount of one path: see windows.sh for the modes. */
export interface Window {
  readonly mode:
    | ("ro" | "linked" | "folder" | "optional" | "make" | "file" | "state" | "users")
    | ("cgroup" | "slice" | "spare_slice" | "group" | "gone" | "device" | "block")
    | ("node" | "here" | "descriptor");
  /** The path below {@linkcode ROOT}. */
  readonly target: string;
  /** The path on the host, relative to the caller's working directory or absolute; or the number of a descriptor. */
  readonly source: string;
}

/** True in a process that has its windows already: it is the host process then. */
export function hasWindows(): boolean {
  try {
    return Deno.statSync(HOST_FACTS).isDirectory;
  } catch {
    return false;
  }
}
