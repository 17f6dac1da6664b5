/**
 * What `berth doctor` finds: the form, and the closed list of everything that it looks at.
 *
 * @module
 */

/** Names of all findings there can be, by area, in the order of the list. They are stable: scripts rely on them. */
export const FINDINGS = {
  host: ["arch", "process"],
  kvm: ["cpu", "node", "group", "works", "remembered", "nested"],
  qemu: ["version", "machine", "emulation"],
  programs: ["jobs", "busybox", "mkfs", "images"],
  namespaces: ["own", "user", "jail"],
  cgroup: ["mode", "groups", "kill", "memory", "pids", "cpu", "io", "cpuset", "files", "devices", "favordynmods"],
  systemd: ["version"],
  devices: ["vhost-vsock", "tun"],
  state: ["folder", "owner", "users", "space", "inodes"],
  kernel: ["clocksource", "entropy", "options"],
  images: ["usable"],
  clone: ["starts"],
  leftovers: ["jobs", "groups", "files"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** A part of the host. */
export type Area = keyof typeof FINDINGS;

/** Name of a finding. Each area can also be `unknown`: it could not be looked at. */
export type FindingId = { [A in Area]: `${A}.${(typeof FINDINGS)[A][number] | "unknown"}` }[Area];

/** The areas, in order. */
export const AREAS = Object.keys(FINDINGS) as readonly Area[];

/**
 * `fail`: without it no job runs, or none of a common kind. `warn`: jobs run, but worse, or some can't; or it could not be
 * found out. `ok`: nothing is to be done.
 */
export type Status = "ok" | "warn" | "fail";

/** One finding. */
export interface Finding {
  readonly id: FindingId;
  readonly status: Status;
  /** What was seen. */
  readonly what: string;
  /** What that is for jobs. */
  readonly means: string;
  /** A command line that mends it, or makes it better still, where there is one; for root, unless it says otherwise. */
  readonly fix?: string;
}

/** Finding that nothing is to be done; a fix then makes it better still. */
export function ok(id: FindingId, what: string, means: string, fix?: string): Finding {
  return { id, status: "ok", what, means, fix };
}

/** Finding with which jobs run, but worse. */
export function warn(id: FindingId, what: string, means: string, fix?: string): Finding {
  return { id, status: "warn", what, means, fix };
}

/** Finding with which no job runs, or none of a common kind. */
export function fail(id: FindingId, what: string, means: string, fix?: string): Finding {
  return { id, status: "fail", what, means, fix };
}

/** Area of a finding. */
export function areaOf({ id }: Finding): Area {
  return id.split(".")[0] as Area;
}
