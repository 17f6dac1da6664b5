/**
 * What `/proc/self/mountinfo` and `/proc/self/cgroup` say, and paths in what they name. Pure.
 *
 * Formats: proc_pid_mountinfo(5), cgroups(7).
 *
 * @module
 */

/** Mount that can be seen. */
export interface Mount {
  readonly id: string;
  readonly parentId: string;
  /** What of the file system is mounted, as in `/docker/abc`; `/..` and more is above the cgroup namespace's root. */
  readonly root: string;
  /** Where it is mounted. */
  readonly point: string;
  readonly readOnly: boolean;
  /** `cgroup`, `cgroup2`, and any other. */
  readonly type: string;
}

/** Mounts that no other one lies on, in the table's order. @param table `/proc/self/mountinfo`. */
export function parseMounts(table: string): Mount[] {
  const mounts = table.split("\n").flatMap(parseMount);
  // A host of containers has thousands of mounts.
  const covered = new Set(mounts.map(({ parentId, point }) => `${parentId} ${point}`));
  return mounts.filter(({ id, point }) => !covered.has(`${id} ${point}`));
}

function parseMount(line: string): Mount[] {
  // Before the dash there are none, one or more fields like shared:9.
  const [place, source] = line.split(" - ", 2).map((half) => half.split(" "));
  if (place.length < 6 || source === undefined) return [];
  const [id, parentId, , root, point, options] = place;
  const [type, , superOptions = ""] = source;
  const readOnly = `${options},${superOptions}`.split(",").includes("ro");
  return [{ id, parentId, root: unescape(root), point: unescape(point), readOnly, type }];
}

/** The kernel writes space, tab, newline, `#` and backslash as three octal digits. */
function unescape(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(parseInt(digits, 8)));
}

/** Groups that a process is in. */
export interface OwnGroups {
  /** Its group in cgroup v2, seen from the cgroup namespace's root; undefined without cgroup v2. */
  readonly unified?: string;
  /** Controllers that are on hierarchies of cgroup v1. */
  readonly v1Controllers: readonly string[];
}

/** Parses the groups that a process is in. @param content `/proc/self/cgroup`. */
export function parseOwnGroups(content: string): OwnGroups {
  const lines = content.split("\n").flatMap((line) => {
    const [, id, controllers, path] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? [];
    return id === undefined ? [] : [{ id, controllers: controllers.split(","), path }];
  });
  return {
    unified: lines.find(({ id, controllers }) => id === "0" && controllers[0] === "")?.path,
    v1Controllers: lines.filter(({ id }) => id !== "0").flatMap(({ controllers }) => controllers),
  };
}

/** True when one absolute path is the other one, or below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

/** Path of a group below the mount that shows it. */
export function pathInMount(group: string, { root, point }: Mount): string {
  return cleanPath(`${point}/${group.slice(root.length)}`);
}

/** Absolute path with single slashes, none at the end, and without `.`; `..` stays, for what it means is not text. */
export function cleanPath(path: string): string {
  return `/${path.split("/").filter((part) => part && part !== ".").join("/")}`;
}
