/**
 * The kernel behind {@linkcode CgroupFs}: a folder that is a window on a cgroup2 tree. This is the one place that knows
 * what Deno makes of errno.
 *
 * @module
 */

import { tryToolWithin } from "../process/tool.ts";
import {
  type CgroupFs,
  CgroupFsError,
  type CgroupOperation,
  checkPath,
  type Errno,
  type FileWatch,
} from "./cgroup_fs.ts";
import { errnoInWords } from "./join.ts";

/** Linux's numbers (asm-generic/errno-base.h, errno.h): the same on every architecture that Deno runs on. */
const ERRNO_OF: Readonly<Record<number, Errno>> = {
  1: "EPERM",
  2: "ENOENT",
  3: "ESRCH",
  5: "EIO",
  7: "E2BIG",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  16: "EBUSY",
  17: "EEXIST",
  19: "ENODEV",
  20: "ENOTDIR",
  21: "EISDIR",
  22: "EINVAL",
  30: "EROFS",
  34: "ERANGE",
  36: "ENAMETOOLONG",
  39: "ENOTEMPTY",
  95: "EOPNOTSUPP",
};

/** A write to one of these moves processes or memory, and waits for it: seen 10 to 20 ms. */
const SLOW_TO_WRITE = /\/(cgroup\.(procs|subtree_control)|cpuset\.(cpus|mems))$/;

/** A process is moved before it does anything else, and is nobody's to wait for long. */
// Behind the other shell is something still to do: the last command of all would be done without another process.
const JOIN = 'echo 0 >"$1" && (:) && :';
const JOIN_MS = 10_000;

/**
 * A cgroup2 tree, or a part of one, through Deno's own file calls.
 *
 * What the kernel answers at once is called synchronously, which takes a third of the time (measured).
 */
export class DenoCgroupFs implements CgroupFs {
  readonly root: string;

  /** @param root an absolute path. */
  constructor(root: string) {
    if (!root.startsWith("/")) throw new TypeError(`the root of a cgroup tree is an absolute path, not "${root}"`);
    this.root = root.replace(/\/+$/, "");
  }

  async read(path: string): Promise<string> {
    return await this.#do("read", path, (place) => Deno.readTextFileSync(place).replace(/\n$/, ""));
  }

  async write(path: string, value: string): Promise<void> {
    await this.#do("write", path, async (place) => {
      // Neither create nor truncate: asked to create, the kernel says EACCES where the truth is ENOENT.
      using file = Deno.openSync(place, { write: true });
      const bytes = new TextEncoder().encode(value);
      // Each write(2) is a value of its own to the kernel, so the rest of a value can't be sent after it.
      const taken = SLOW_TO_WRITE.test(place) ? await file.write(bytes) : file.writeSync(bytes);
      if (taken !== bytes.length) throw new Error(`the kernel took ${taken} of ${bytes.length} bytes`);
    }, value);
  }

  async mkdir(path: string): Promise<void> {
    await this.#do("mkdir", path, (place) => Deno.mkdirSync(place));
  }

  async rmdir(path: string): Promise<void> {
    await this.#do("rmdir", path, (place) => {
      // Deno.remove takes files as well, which rmdir(2) doesn't.
      const { isDirectory } = Deno.lstatSync(place);
      if (!isDirectory) throw new CgroupFsError("rmdir", path, "ENOTDIR");
      Deno.removeSync(place);
    });
  }

  async children(path: string): Promise<string[]> {
    const entries = await this.#do("list", path, (place) => [...Deno.readDirSync(place)]);
    return entries.filter((entry) => entry.isDirectory).map((entry) => entry.name);
  }

  watch(path: string): FileWatch {
    const place = this.#place(path);
    try {
      return new DenoFileWatch(path, Deno.watchFs(place, { recursive: false }));
    } catch (error) {
      throw translate(error, "watch", path);
    }
  }

  async join(path: string): Promise<void> {
    const args = ["sh", "-c", JOIN, "berth-join", `${this.#place(path)}/cgroup.procs`];
    const { success, stderr } = await tryToolWithin({ command: "busybox", args }, JOIN_MS, `a process to join ${path}`);
    if (!success) throw new CgroupFsError("join", path, errnoInWords(stderr), undefined, { cause: stderr.trim() });
  }

  #place(path: string): string {
    checkPath(path);
    return path === "" ? this.root || "/" : `${this.root}/${path}`;
  }

  async #do<T>(operation: CgroupOperation, path: string, act: (place: string) => T | Promise<T>, data?: string) {
    const place = this.#place(path);
    try {
      return await act(place);
    } catch (error) {
      throw translate(error, operation, path, data);
    }
  }
}

/** Makes the kernel's refusal of what Deno has thrown. What Deno itself refuses stays what it is. */
function translate(error: unknown, operation: CgroupOperation, path: string, data?: string): unknown {
  if (error instanceof CgroupFsError || error instanceof Deno.errors.NotCapable) return error;
  return new CgroupFsError(operation, path, errnoOf(error), data, { cause: error });
}

/** Deno has classes for some numbers, codes for others and for ESRCH and ERANGE neither: only the text has them all. */
function errnoOf(error: unknown): Errno {
  const number = /\(os error (\d+)\)/.exec(error instanceof Error ? error.message : "")?.[1];
  if (number !== undefined) return ERRNO_OF[Number(number)] ?? "unknown";
  // Deno.watchFs looks for the file by itself, and has no number then.
  return error instanceof Deno.errors.NotFound ? "ENOENT" : "unknown";
}

/**
 * A watch by inotify. The events are taken in as they come: a queue that nobody empties would run full and lose some.
 *
 * A file that goes with its group makes no event: kernfs removes it without telling inotify (seen on Linux 6.1).
 *
 * A pending `changed()` rejects with an `AbortError` when the watch is disposed, and so does each later one: resolved,
 * it would have its caller look again, for ever.
 */
class DenoFileWatch implements FileWatch {
  readonly #path: string;
  readonly #watcher: Deno.FsWatcher;
  #changes = 0;
  /** How many changes there had been at the last call. */
  #seen = 0;
  #end: unknown;
  #waiting: PromiseWithResolvers<void> | undefined;

  constructor(path: string, watcher: Deno.FsWatcher) {
    this.#path = path;
    this.#watcher = watcher;
    void this.#follow();
  }

  changed(): Promise<void> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const isNew = this.#changes > this.#seen;
    this.#seen = this.#changes;
    if (isNew) return Promise.resolve();
    if (!this.#waiting) {
      this.#waiting = Promise.withResolvers();
      // One that nobody waits for any more is no unhandled rejection.
      this.#waiting.promise.catch(() => {});
    }
    // What it resolves for counts as new for the next call: this one's caller may have given up waiting.
    return this.#waiting.promise;
  }

  async #follow(): Promise<void> {
    try {
      for await (const { kind } of this.#watcher) {
        // Reading the file is an access: told of that, a reader would wake itself up.
        if (kind !== "access") this.#notice();
      }
    } catch (error) {
      this.#endWith(translate(error, "watch", this.#path));
    }
  }

  #notice(): void {
    this.#changes++;
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  #endWith(reason: unknown): void {
    this.#end ??= reason;
    this.#waiting?.reject(this.#end);
    this.#waiting = undefined;
  }

  [Symbol.dispose](): void {
    this.#endWith(new DOMException(`the watch on ${this.#path} was disposed`, "AbortError"));
    // Idempotent, as close() is not.
    this.#watcher[Symbol.dispose]();
  }
}
