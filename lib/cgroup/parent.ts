/**
 * Which group berth's VMs are made below, and what stands in the way. Pure: what the host says is text.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import type { DriverName } from "./driver.ts";
import { cleanPath, isWithin, type Mount, parseMounts, parseOwnGroups, pathInMount } from "./mount_table.ts";
import { SUPERVISOR } from "./supervisor.ts";

/** Driver that is wanted; `auto` takes the one that the parent is for, and what works here. */
export type DriverChoice = "auto" | DriverName;

/** Parent that is a group of berth's own choice, or of the user's. */
export type GroupParent = { readonly kind: "self" } | { readonly kind: "path"; readonly path: string };

/** Parent that is a scope which systemd is to make: `PREFIX-NAME.scope` in a slice. */
export interface UnitParent {
  readonly kind: "unit";
  readonly slice: string;
  readonly prefix: string;
  readonly name: string;
}

/** Place that VMs' groups are to be made in. */
export type Parent = GroupParent | UnitParent;

/** What a parent and its driver are called in messages. */
export interface ParentNames {
  readonly parent: string;
  readonly driver: string;
}

const FLAGS: ParentNames = { parent: "--cgroup-parent", driver: "--cgroup-driver" };

/** What a parent looks like, for each driver. */
const FORMS: Readonly<Record<DriverChoice, string>> = {
  auto: "give self, an absolute path like /sys/fs/cgroup/ci, or SLICE:PREFIX:NAME like system.slice:berth:job1",
  cgroupfs: "give self, or an absolute path like /sys/fs/cgroup/ci",
  systemd: "give self, or SLICE:PREFIX:NAME like system.slice:berth:job1",
};

/** systemd's UNIT_NAME_MAX is 256 with the NUL at the end. */
const MOST_UNIT_NAME_BYTES = 255;

/** Reads `--cgroup-parent`. @throws {BerthError} `cgroup.form`. */
export function parseParent(text: string, driver: DriverChoice, names = FLAGS): Parent {
  const right = driver === "auto" ? FORMS.auto : `with ${names.driver} ${driver} ${FORMS[driver]}`;
  const wrong = (what: string) =>
    new BerthError("cgroup.form", `${names.parent}: ${JSON.stringify(text)} ${what}; ${right}`);
  if (text === "self") return { kind: "self" };
  // The kernel takes no newline in a group's name, and no path has a NUL.
  if (text.includes("\n") || text.includes("\0")) throw wrong("has a newline or a NUL in it");
  if (text.startsWith("/")) {
    if (driver === "systemd") throw wrong("is a path, which is for cgroupfs");
    if (text.split("/").includes("..")) throw wrong("has .. in it");
    return { kind: "path", path: cleanPath(text) };
  }
  const words = text.split(":");
  if (words.length === 1) throw wrong(text === "" ? "is empty" : "is a relative path");
  if (driver === "cgroupfs") throw wrong("is of the form that is for systemd");
  if (words.length !== 3) throw wrong(`has ${words.length} parts with colons between, not three`);
  return parseUnit(words, wrong);
}

function parseUnit([slice, prefix, name]: readonly string[], wrong: (what: string) => BerthError): UnitParent {
  // Dashes are the slices above: a-b.slice is in a.slice. The root has a name of its own.
  if (!/^(?:-|[\w.\\]+(?:-[\w.\\]+)*)\.slice$/.test(slice) || slice.length > MOST_UNIT_NAME_BYTES) {
    throw wrong("has no slice's name before the first colon");
  }
  // A dash in front would make a flag of it in systemd's own commands.
  if (!/^[\w.\\][\w.\\-]*$/.test(prefix) || !/^[\w.\\-]+$/.test(name)) {
    throw wrong("has a prefix or a name that a unit can't have: they take letters, digits and - _ . \\");
  }
  if (`${prefix}-${name}.scope`.length > MOST_UNIT_NAME_BYTES) {
    throw wrong(`makes a scope's name of more than ${MOST_UNIT_NAME_BYTES} bytes`);
  }
  return { kind: "unit", slice, prefix, name };
}

/** Texts of the host that the parent is found by, read by whoever can. */
export interface ParentFacts {
  /** `/proc/self/cgroup`. */
  readonly cgroup: string;
  /** `/proc/self/mountinfo`. */
  readonly mounts: string;
  /** The parent's path as it was given, and what it is without symlinks; `real` is empty when there is no such path. */
  readonly given?: { readonly path: string; readonly real: string };
  /** systemd's word on whether the unit that the own group is of has been delegated. */
  readonly delegated: "yes" | "no" | "unknown";
}

/** Group below which VMs get theirs. */
export interface ParentGroup {
  /** Its absolute path in a cgroup2 mount. */
  readonly group: string;
  /** Whether the mount is read-only, so that nothing can be made in it. */
  readonly readOnly: boolean;
}

/**
 * Finds the group. A parent of systemd's is not to be found: systemd makes it.
 *
 * @throws {BerthError} `cgroup.v1`, `cgroup.hybrid`, `cgroup.no-mount`, `cgroup.namespace`, `cgroup.parent`,
 * `cgroup.undelegated`.
 */
export function resolveParent(parent: GroupParent, facts: ParentFacts): ParentGroup {
  const unified = unifiedMounts(facts);
  if (parent.kind === "self") return resolveSelf(unified, facts);
  return resolvePath(facts.given ?? { path: parent.path, real: "" }, unified, parseMounts(facts.mounts));
}

/** Mounts of a cgroup v2 tree that can limit memory and processes. */
export function unifiedMounts({ cgroup, mounts }: Pick<ParentFacts, "cgroup" | "mounts">): Mount[] {
  const all = parseMounts(mounts);
  const unified = all.filter(({ type }) => type === "cgroup2");
  const onV1 = parseOwnGroups(cgroup).v1Controllers.filter((name) => name === "memory" || name === "pids");
  if (unified.length && onV1.length) {
    const names = onV1.toSorted().join(" and ");
    throw new BerthError("cgroup.hybrid", `cgroup v2 is mounted at ${points(unified)}, but cgroup v1 has ${names}`);
  }
  if (unified.length) return unified;
  const v1 = all.filter(({ type }) => type === "cgroup");
  if (v1.length || onV1.length) {
    const where = v1.length ? ` (at ${v1[0].point}${v1.length > 1 ? " and others" : ""})` : "";
    throw new BerthError("cgroup.v1", `this host has cgroup v1 only${where}, and berth needs cgroup v2`);
  }
  throw new BerthError("cgroup.no-mount", "no cgroup2 file system is mounted here");
}

function resolveSelf(mounts: readonly Mount[], { cgroup, delegated }: ParentFacts): ParentGroup {
  const own = parseOwnGroups(cgroup).unified;
  if (own === undefined) {
    throw new BerthError("cgroup.namespace", "/proc/self/cgroup does not tell the own group (0::)");
  }
  if (own.split("/").includes("..")) {
    throw new BerthError("cgroup.namespace", `the own group ${own} is outside of this cgroup namespace`);
  }
  // An earlier berth has moved whoever called it there.
  const target = own.endsWith(`/${SUPERVISOR}`) ? own.slice(0, -SUPERVISOR.length - 1) || "/" : own;
  const showing = mounts.filter(({ root }) => isWithin(target, root));
  const mount = showing.find(({ point }) => point === "/sys/fs/cgroup") ??
    showing.toSorted((a, b) => a.root.length - b.root.length)[0];
  if (!mount) {
    const shown = mounts.map(({ root, point }) => `${root} at ${point}`).join(" and ");
    throw new BerthError("cgroup.namespace", `the group ${target} is not in what is mounted here: ${shown}`);
  }
  if (delegated === "no") {
    const unit = unitOf(own)?.name ?? own;
    throw new BerthError("cgroup.undelegated", `berth runs in ${unit}, which systemd has not delegated`);
  }
  const group = pathInMount(target, mount);
  // A unit's own group may be mounted writable in a tree that is not: ProtectControlGroups= with ReadWritePaths=.
  return { group, readOnly: innermost(group, mounts)!.readOnly };
}

/** The mount that a path is in: something else may be mounted below another one. */
function innermost(path: string, mounts: readonly Mount[]): Mount | undefined {
  return mounts.filter(({ point }) => isWithin(path, point)).toSorted((a, b) => b.point.length - a.point.length)[0];
}

/** A systemd unit that a group belongs to, and which manager knows it. */
export interface Unit {
  readonly name: string;
  /** Below `user@UID.service`: `systemctl --user` knows it. */
  readonly user: boolean;
}

/** Deepest service or scope on the way to a group; undefined where there is none. */
export function unitOf(cgroupPath: string): Unit | undefined {
  // A name that the kernel could take for one of its own files has a _ before it (systemd's cg_escape).
  const parts = cgroupPath.split("/").map((part) => part.replace(/^_/, ""));
  const index = parts.findLastIndex((part) => /^[\w:.\\@-]+\.(service|scope)$/.test(part));
  if (index < 0) return undefined;
  const user = parts.slice(0, index).some((part) => /^user@\d+\.service$/.test(part));
  return { name: parts[index], user };
}

type Given = NonNullable<ParentFacts["given"]>;

function resolvePath({ path, real }: Given, unified: readonly Mount[], all: readonly Mount[]): ParentGroup {
  const wrong = (what: string) =>
    new BerthError("cgroup.parent", `--cgroup-parent: ${path} ${what} the cgroup2 mount ${points(unified)}`);
  if (real === "") {
    const isBelow = unified.some(({ point }) => isWithin(path, point));
    throw wrong(isBelow ? "does not exist; there is no such group in" : "does not exist, and is not in");
  }
  const mount = innermost(real, all);
  if (mount?.type !== "cgroup2") {
    throw wrong(cleanPath(path) === real ? "is not in" : `is really ${real}, which is not in`);
  }
  return { group: real, readOnly: mount.readOnly };
}

function points(mounts: readonly Mount[]): string {
  return mounts.map(({ point }) => point).join(" or ");
}
