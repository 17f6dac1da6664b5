/**
 * Where the host process finds what it may touch: everything is bind-mounted below one folder, and its permissions name
 * nothing else.
 *
 * @module
 */

/** The one folder that the host process may read and write. */
export const ROOT = "/run/berth/self";

/** Images, jobs, and what is remembered about the host. */
export const STATE = `${ROOT}/state`;

/** The folder given as `--workspace`, read-only. */
export const WORKSPACE = `${ROOT}/workspace`;

/** The folder given as `--image`, when it is a path; read-only. */
export const IMAGE = `${ROOT}/image`;

/** The file given as `--report`. */
export const REPORT = `${ROOT}/report`;

/** What the host process is asked, until it has read it. */
export const REQUEST = `${ROOT}/request`;

/** The host's kernels and their modules, read-only; both may be missing. */
export const BOOT = `${ROOT}/boot`;
export const MODULES = `${ROOT}/modules`;

/** The host's busybox, read-only. */
export const BUSYBOX = `${ROOT}/busybox`;

/** What `berth image import` imports, read-only. */
export const SOURCE = `${ROOT}/source`;

/** Where `berth systemd install` puts units. */
export const UNITS = `${ROOT}/units`;

/** The kernel given as `--kernel`, the folder that it is in, and where its modules may be; read-only. */
export const KERNEL = `${ROOT}/kernel/image`;
export const KERNEL_FOLDER = `${ROOT}/kernel/folder`;
export const KERNEL_MODULES = `${ROOT}/kernel/modules`;
export const KERNEL_LIB = `${ROOT}/kernel/lib`;

/** The cgroup that VMs' groups are made in, or that of a VM. */
export const CGROUP = `${ROOT}/cgroup`;

/** The slice that systemd makes VMs' scopes in. */
export const SLICE = `${ROOT}/slice`;

/** Facts from /proc and /dev, written by windows.sh. */
export const HOST_FACTS = `${ROOT}/host`;

/** The sockets that VMs dial into. Their exact paths stand in the permissions. */
export const QMP_SOCKET = `${ROOT}/qmp.sock`;
export const AGENT_SOCKET = `${ROOT}/agent.sock`;

/** What tells which users of the host VMMs are: see vm_user.ts. It is there for root only. */
export const USERS = `${ROOT}/users`;

/** Where a device node of the host is that a VM may use. */
export function nodeWindow(path: string): string {
  return `${ROOT}/nodes${path}`;
}

/** Where the folder of the n-th `--artifact` is. */
export function artifactWindow(index: number): string {
  return `${ROOT}/artifacts/${index}`;
}

/** Where the n-th `--volume` is that names a path; read-only. */
export function volumeWindow(index: number): string {
  return `${ROOT}/volumes/${index}`;
}

/** One bind mount: see windows.sh for the modes. */
export interface Window {
  readonly mode:
    | ("ro" | "linked" | "folder" | "optional" | "make" | "file" | "state" | "users")
    | ("cgroup" | "slice" | "spare_slice" | "group" | "gone" | "device" | "block")
    | ("node" | "here");
  /** The path below {@linkcode ROOT}. */
  readonly target: string;
  /** The path on the host, relative to the caller's working directory or absolute. */
  readonly source: string;
}

/** Whether this process already has its windows: it is the host process then. */
export function hasWindows(): boolean {
  try {
    return Deno.statSync(HOST_FACTS).isDirectory;
  } catch {
    return false;
  }
}
