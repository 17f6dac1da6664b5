/**
 * What goes wrong in a fake cgroup tree, and what happens beside: refusals and hooks on chosen operations.
 *
 * @module
 */

import type { CgroupOperation, Errno } from "../../../lib/cgroup/cgroup_fs.ts";
import { Refused } from "./fake_cgroup_values.ts";

/** One operation, as it was asked for. */
export interface Call {
  readonly operation: CgroupOperation;
  readonly path: string;
  readonly data?: string;
}

/** Chooses operations; what is left out matches all. */
export interface CallPattern {
  readonly operation?: CgroupOperation | readonly CgroupOperation[];
  /** A whole path, or a pattern that is found in it. */
  readonly path?: string | RegExp;
  readonly data?: string | RegExp;
}

function matches({ operation, path, data }: CallPattern, call: Call): boolean {
  const fits = (wanted: string | RegExp | undefined, got: string | undefined) =>
    wanted === undefined || (typeof wanted === "string" ? wanted === got : wanted.test(got ?? ""));
  const isOperation = operation === undefined || [operation].flat().includes(call.operation);
  return isOperation && fits(path, call.path) && fits(data, call.data);
}

interface Entry {
  readonly pattern: CallPattern;
  left: number;
  readonly act: (call: Call) => void | Promise<void>;
}

/** The refusals and hooks of one tree. Each returns what takes it back; each may be bound to a number of times. */
export class FakeFaults {
  readonly #before: Entry[] = [];
  readonly #after: Entry[] = [];

  /**
   * Refuses operations on what is there: as in the kernel, what is not there is ENOENT first, and what is there already
   * is EEXIST.
   */
  refuse(errno: Errno, pattern: CallPattern = {}, times = Infinity): Disposable {
    const act = () => {
      throw new Refused(errno);
    };
    return add(this.#before, { pattern, left: times, act });
  }

  /** A tree that is mounted read-only. */
  makeReadOnly(): Disposable {
    return this.refuse("EROFS", { operation: ["write", "mkdir", "rmdir"] });
  }

  /** Calls `hook` when an operation has succeeded, before its caller hears of it. */
  after(pattern: CallPattern, hook: (call: Call) => void | Promise<void>, times = Infinity): Disposable {
    return add(this.#after, { pattern, left: times, act: hook });
  }

  /** @throws {Refused} when the call is refused. */
  check(call: Call): void {
    const entry = this.#before.find((one) => one.left > 0 && matches(one.pattern, call));
    if (!entry) return;
    entry.left--;
    void entry.act(call);
  }

  async runHooks(call: Call): Promise<void> {
    for (const entry of this.#after.filter((one) => one.left > 0 && matches(one.pattern, call))) {
      // First, as the hook may do the same operation.
      entry.left--;
      await entry.act(call);
    }
  }
}

function add(entries: Entry[], entry: Entry): Disposable {
  entries.push(entry);
  return { [Symbol.dispose]: () => void (entry.left = 0) };
}
