/**
 * The jail around a program: bubblewrap's arguments. Pure, but for this process's own id.
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { dirname } from "@std/path";
import type { CommandLine } from "../host/permissions.ts";
import { planTiedGroup, SETPRIV } from "./tie_to_parent.ts";

/** Number of the file descriptor that bubblewrap finds the filter in. The shell that opens it has no larger numbers. */
export const FILTER_FD = 9;

/** View of a jailed program. Everything else is not there. */
export interface JailPlan {
  readonly readOnly: readonly string[];
  readonly writable: readonly string[];
  /** Paths of the host that appear under another path inside, writable. */
  readonly writableAt?: readonly (readonly [source: string, target: string])[];
  /** Device nodes that appear below the jail's own /dev: the host's, or another one under its name. */
  readonly devices?: readonly (readonly [source: string, target: string])[];
  readonly cwd: string;
  /**
   * A user of the host, and the group of that number, that the program becomes. Nobody else is to be called so: what
   * other processes of a user may do to each other, they may then not do to it. Only root can do it. Without one the
   * program stays who it is, in a user namespace of its own where possible.
   */
  readonly user?: number;
  /** The group in place of the one of that number. */
  readonly group?: number;
  /** Groups of the host that such a user is in beside its own. */
  readonly groups?: readonly number[];
  /** The file that has a filter of system calls: see seccomp.ts. Who starts the jail opens it as {@linkcode FILTER_FD}. */
  readonly filter?: string;
  /**
   * Capabilities that are kept, with a `user` too. They concern the host's users then, so the program gets no user
   * namespace: it is for programs that are trusted more than their input, like tar.
   */
  readonly capabilities?: readonly string[];
  /** The host's network, with what it takes to find and to trust other hosts. */
  readonly network?: boolean;
}

const NAMESPACES_BUT_USER = [
  "--unshare-ipc",
  "--unshare-pid",
  "--unshare-net",
  "--unshare-uts",
  "--unshare-cgroup-try",
];

/** What it takes to become another user, and to give up even that. */
const BECOME_CAPABILITIES = ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"];

/** Names of hosts, certificates (Debian's place and Fedora's; no private keys), and where registries are. */
const NETWORK_FILES = [
  ...["resolv.conf", "hosts", "nsswitch.conf", "ca-certificates", "containers"],
  ...["ssl/certs", "ssl/openssl.cnf", "pki/tls/certs", "pki/ca-trust"],
].map((name) => `/etc/${name}`);
/** Where /etc/resolv.conf often leads to. */
const RESOLVED = "/run/systemd/resolve";

/**
 * The command line that puts a program into its jail: namespaces of its own (mount, PID, network, IPC, UTS, user where
 * possible), no capabilities, no terminal, a private /dev, and an end with its parent. The environment is the one that it
 * is started with: on a command line, everybody on the host could read it.
 *
 * The jail is in a session, and so a process group, of its own, and stays in it (no --new-session inside): in its first
 * milliseconds bubblewrap's own child is not yet tied to it, and would wait for ever for a bubblewrap that was killed.
 * Only by the group can both be ended for certain, which its leader does when berth ends. Start it with `leadsGroup`.
 *
 * @param parent the id of the process that starts it.
 */
export function planJail(plan: JailPlan, parent = Deno.pid): CommandLine {
  const opened = plan.filter ? { script: `exec ${FILTER_FD}<"$1" && shift`, args: [plan.filter] } : undefined;
  return [...planTiedGroup(parent, opened), ...planBubble(plan)];
}

/** Command line of bubblewrap alone: the same without the session, for who is tied to the parent already. */
export function planBubble(plan: JailPlan): string[] {
  const { network = false, user, devices = [], writableAt = [] } = plan;
  const kept = plan.capabilities ?? [];
  const capabilities = user === undefined ? kept : [...BECOME_CAPABILITIES, ...kept];
  // The folders that mounts are in: left alone, bubblewrap closes them to everybody but root.
  const folders = (paths: readonly string[]) =>
    user === undefined ? [] : [...new Set(paths)].flatMap((path) => ["--dir", path]);
  const placed = [...plan.readOnly, ...plan.writable, ...writableAt.map(([, target]) => target)];
  const namespaces = capabilities.length ? NAMESPACES_BUT_USER : ["--unshare-all"];
  return [
    "bwrap",
    ...namespaces.filter((option) => !network || option !== "--unshare-net"),
    ...(network && !capabilities.length ? ["--share-net"] : []),
    "--die-with-parent",
    ...["--cap-drop", "ALL"],
    ...capabilities.flatMap((name) => ["--cap-add", name]),
    ...(plan.filter ? ["--seccomp", String(FILTER_FD)] : []),
    ...folders(["/etc", ...placed.map((path) => dirname(path))]),
    ...["--ro-bind", "/usr", "/usr"],
    // On a merged-/usr system these are links into /usr; elsewhere they are folders of their own.
    ...["/lib", "/lib64", "/lib32", "/bin", "/sbin"].flatMap((path) => ["--ro-bind-try", path, path]),
    ...["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"],
    // Debian's alternatives: some programs in /usr/bin are links through it.
    ...["--ro-bind-try", "/etc/alternatives", "/etc/alternatives"],
    ...(network ? [...NETWORK_FILES, RESOLVED].flatMap((path) => ["--ro-bind-try", path, path]) : []),
    // No /proc: uid 0 in here is the host's, whom the kernel lets write /proc/sys without any capability.
    ...["--dev", "/dev"],
    // Terminals are the host's to count, and a VMM needs none.
    ...(plan.filter ? ["--tmpfs", "/dev/pts"] : []),
    ...["--tmpfs", "/tmp"],
    ...folders(devices.map(([, target]) => dirname(target))),
    ...devices.flatMap(([source, target]) => ["--dev-bind", source, target]),
    ...plan.readOnly.flatMap((path) => ["--ro-bind", path, path]),
    ...plan.writable.flatMap((path) => ["--bind", path, path]),
    ...writableAt.flatMap(([source, target]) => ["--bind", source, target]),
    ...["--chdir", plan.cwd],
    "--",
    ...(user === undefined ? [] : become(user, plan, kept)),
    // What it is, and what is in it, is chosen by a guest: no handler of the host's is to look at it. A limit of 0 would
    // still wake one that core dumps are piped to, 1 byte does not (core(5)).
    ...(plan.filter ? ["/usr/bin/prlimit", "--core=1:1", "--"] : []),
  ];
}

/** Nothing of root is left then but what is kept, and nothing that could bring it back. */
function become(
  user: number,
  { group = user, groups = [] }: Pick<JailPlan, "group" | "groups">,
  kept: readonly string[],
): string[] {
  const capabilities = ["-all", ...kept.map((name) => name.replace(/^CAP_/, "+").toLowerCase())].join(",");
  return [
    ...[SETPRIV, "--reuid", String(user), "--regid", String(group)],
    ...(groups.length ? ["--groups", groups.join(",")] : ["--clear-groups"]),
    ...[`--inh-caps=${capabilities}`, ...(kept.length ? [`--ambient-caps=${capabilities}`] : [])],
    ...[`--bounding-set=${capabilities}`, "--no-new-privs", "--"],
  ];
}
