/**
 * The jail around a program: bubblewrap's arguments. Pure, but for this process's own id.
 *
 * @module
 */

import type { CommandLine } from "../host/permissions.ts";
import { planTiedGroup } from "./tied.ts";

/** What a jailed program may see. Everything else is not there. */
export interface JailPlan {
  readonly readOnly: readonly string[];
  readonly writable: readonly string[];
  /** Paths of the host that appear under another path inside, writable. */
  readonly writableAt?: readonly (readonly [source: string, target: string])[];
  readonly devices?: readonly string[];
  readonly cwd: string;
  /**
   * Capabilities that are kept. They concern the host's users then, so the program gets no user namespace: it is for
   * programs that are trusted more than their input, like tar.
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
  return [...planTiedGroup(parent), ...planBubble(plan)];
}

/** The same without the session, and for who is tied to the parent already. */
export function planBubble(plan: JailPlan): string[] {
  const { capabilities = [], network = false } = plan;
  const namespaces = capabilities.length ? NAMESPACES_BUT_USER : ["--unshare-all"];
  return [
    "bwrap",
    ...namespaces.filter((option) => !network || option !== "--unshare-net"),
    ...(network && !capabilities.length ? ["--share-net"] : []),
    "--die-with-parent",
    ...["--cap-drop", "ALL"],
    ...capabilities.flatMap((name) => ["--cap-add", name]),
    ...["--ro-bind", "/usr", "/usr"],
    // On a merged-/usr system these are links into /usr; elsewhere they are folders of their own.
    ...["/lib", "/lib64", "/lib32", "/bin", "/sbin"].flatMap((path) => ["--ro-bind-try", path, path]),
    ...["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"],
    // Debian's alternatives: some programs in /usr/bin are links through it.
    ...["--ro-bind-try", "/etc/alternatives", "/etc/alternatives"],
    ...(network ? [...NETWORK_FILES, RESOLVED].flatMap((path) => ["--ro-bind-try", path, path]) : []),
    // No /proc: uid 0 in here is the host's, whom the kernel lets write /proc/sys without any capability.
    ...["--dev", "/dev"],
    ...["--tmpfs", "/tmp"],
    ...(plan.devices ?? []).flatMap((path) => ["--dev-bind", path, path]),
    ...plan.readOnly.flatMap((path) => ["--ro-bind", path, path]),
    ...plan.writable.flatMap((path) => ["--bind", path, path]),
    ...(plan.writableAt ?? []).flatMap(([source, target]) => ["--bind", source, target]),
    ...["--chdir", plan.cwd],
    "--",
  ];
}
