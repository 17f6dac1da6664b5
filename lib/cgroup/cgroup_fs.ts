/**
 * What berth needs of a cgroup v2 tree: a port. The kernel is behind {@linkcode DenoCgroupFs}; tests have a model of it.
 *
 * Paths are relative to the tree's own root, without a slash at either end; `""` is the root itself.
 *
 * @module
 */

/** Operation on the tree. */
export type CgroupOperation = "read" | "write" | "mkdir" | "rmdir" | "list" | "watch" | "join";

/** Reason of a refusal of the kernel, by its errno's name. */
export type Errno =
  | "EPERM"
  | "ENOENT"
  | "ESRCH"
  | "EIO"
  | "E2BIG"
  | "EAGAIN"
  | "ENOMEM"
  | "EACCES"
  | "EBUSY"
  | "EEXIST"
  | "ENODEV"
  | "ENOTDIR"
  | "EISDIR"
  | "EINVAL"
  | "EROFS"
  | "ERANGE"
  | "ENAMETOOLONG"
  | "ENOTEMPTY"
  | "EOPNOTSUPP"
  | "unknown";

/** A refusal of the kernel: what was done, to what, with what, and its answer. */
export class CgroupFsError extends Error {
  override name = "CgroupFsError";

  constructor(
    readonly operation: CgroupOperation,
    readonly path: string,
    readonly errno: Errno,
    /** What was written. */
    readonly data?: string,
    options?: ErrorOptions,
  ) {
    const written = data === undefined ? "" : ` "${data}" to`;
    super(`${operation}${written} ${path || "the group itself"}: ${errno}`, options);
  }
}

/**
 * Watch over the changes of one file. Changes from its creation on are not lost; that the file goes away is not told,
 * so whoever waits needs a deadline.
 */
export interface FileWatch extends Disposable {
  /** Resolves when the file has changed since the last call, or since the watch began. Rejects once disposed. */
  changed(): Promise<void>;
}

/**
 * A part of a cgroup v2 tree. What the kernel refuses is a {@linkcode CgroupFsError}, and a path that is none in the tree
 * a `TypeError`; `watch` throws, the others reject.
 */
export interface CgroupFs {
  /** The absolute path of the root, where other processes find it. */
  readonly root: string;
  /** A file's content without the newline at its end. */
  read(path: string): Promise<string>;
  /** Writes one value in one write. Never creates a file. */
  write(path: string, value: string): Promise<void>;
  mkdir(path: string): Promise<void>;
  rmdir(path: string): Promise<void>;
  /** The names of a group's child groups. */
  children(path: string): Promise<string[]>;
  watch(path: string): FileWatch;
  /** Has a process of this one's join a group, start another one there, and end. */
  join(path: string): Promise<void>;
}

/**
 * Refuses a path that could lead out of the tree, or that has two spellings.
 *
 * @throws {TypeError} as it is a mistake of the program: the kernel is never asked.
 */
export function checkPath(path: string): void {
  if (path === "") return;
  const isBad = (part: string) => part === "" || part === "." || part === ".." || part.includes("\0");
  if (path.split("/").some(isBad)) throw new TypeError(`not a path in a cgroup tree: ${JSON.stringify(path)}`);
}

/** Joins parts of a path in the tree; empty ones are the root. */
export function joinPath(...parts: readonly string[]): string {
  return parts.filter((part) => part).join("/");
}

/** True for a refusal for one of these reasons. */
export function isErrno(error: unknown, ...codes: readonly Errno[]): error is CgroupFsError {
  return error instanceof CgroupFsError && codes.includes(error.errno);
}
