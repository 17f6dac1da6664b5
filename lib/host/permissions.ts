/**
 * Every permission of berth, and what needs it: the reviewed list. What `deno.json` has, from where Deno takes it, and
 * what the topic `permissions` shows are made from it (`deno task generate`); a test looks for the use of each.
 *
 * @module
 */

import { SETTING_VARIABLES } from "./variables.ts";

/** Permissions of one kind that are needed for one reason. */
export interface Permission {
  /** Deno's word for it: `read` is `--allow-read`. */
  readonly kind: "read" | "write" | "net" | "run" | "env" | "sys";
  readonly names: readonly string[];
  readonly why: string;
}

/** Permissions of berth, in the order of `deno.json`. */
export const PERMISSIONS = [
  { kind: "read", names: ["/run/berth"], why: "the windows: whatever berth may touch is mounted below it" },
  { kind: "read", names: ["/etc/berth/config.json"], why: "the host's configuration" },
  { kind: "write", names: ["/run/berth"], why: "the windows, as far as they are not mounted read-only" },
  {
    kind: "net",
    names: [
      "unix:/run/berth/self/qmp.sock",
      "unix:/run/berth/self/agent.sock",
      "unix:/run/berth/self/save.sock",
    ],
    why:
      "where QEMU dials in, the guest's agent does, and a guest's state is written; there is no other socket, and no network",
  },
  {
    kind: "run",
    names: ["/usr/bin/setsid"],
    why: "begins the host process, jails and VMMs, each in a session of its own",
  },
  {
    kind: "run",
    names: ["/usr/bin/sh"],
    why:
      "ties all tools but those below to berth's life and sets their limits; reads what --env and --env-file ask for",
  },
  {
    kind: "run",
    names: ["/usr/bin/busybox"],
    why: "the shell that joins a VM's group; and it tells what the guest's can do",
  },
  { kind: "run", names: ["/usr/bin/tar"], why: "unpacks artifacts where there is no jail" },
  {
    kind: "run",
    names: ["/usr/bin/apt-cache", "/usr/bin/apt-get"],
    why: "tell which kernel Debian has, and from where",
  },
  {
    kind: "run",
    names: ["/usr/bin/systemd-run", "/usr/bin/systemctl"],
    why: "ask systemd for a VM's scope, and about it",
  },
  { kind: "run", names: ["/usr/bin/systemd-notify"], why: "tells systemd that the service is ready, and alive" },
  { kind: "env", names: ["BERTH_STATE"], why: "where everything of berth is" },
  {
    kind: "env",
    names: SETTING_VARIABLES,
    why: "the host's configuration, a variable for each default of a flag",
  },
  { kind: "env", names: ["HOME", "XDG_DATA_HOME"], why: "where everything of berth is, when its user is not root" },
  { kind: "env", names: ["XDG_CACHE_HOME", "DENO_DIR"], why: "Deno's own cache, from source" },
  {
    kind: "env",
    names: ["NOTIFY_SOCKET", "WATCHDOG_USEC"],
    why: "where systemd listens, and how often it wants to hear",
  },
  { kind: "env", names: ["NO_COLOR"], why: "whether Deno colours what it says" },
  {
    kind: "env",
    names: ["http_proxy", "https_proxy", "no_proxy"],
    why: "the way to Debian's packages and to registries",
  },
  { kind: "sys", names: ["uid"], why: "whether berth's user is root" },
  { kind: "sys", names: ["systemMemoryInfo"], why: "the most memory that a guest can have" },
  { kind: "sys", names: ["statfs"], why: "how much of a disk is free" },
] as const satisfies readonly Permission[];

type Path = Extract<(typeof PERMISSIONS)[number], { readonly kind: "run" }>["names"][number];

/** A program that berth may start, by its name or, for a caller who may have no PATH, by its path. */
export type Program = Path | (Path extends `/usr/bin/${infer Name}` ? Name : never);

/** Program that berth may start, and its arguments. */
export type CommandLine = readonly [Program, ...string[]];
