/**
 * Watches on the files of a fake cgroup tree.
 *
 * @module
 */

import type { FileWatch } from "../../../lib/cgroup/cgroup_fs.ts";
import type { FakeGroup } from "./fake_cgroup_tree.ts";

/** All watches of one tree. A watch is on a file and not on a path: one that goes with its group tells nothing. */
export class FakeWatches {
  readonly #watches = new Set<FakeWatch>();

  open(group: FakeGroup, file: string): FileWatch {
    const watch: FakeWatch = new FakeWatch(group, file, () => this.#watches.delete(watch));
    this.#watches.add(watch);
    return watch;
  }

  notify(group: FakeGroup, file: string): void {
    for (const watch of this.#watches) {
      if (watch.group === group && watch.file === file) watch.notice();
    }
  }

  /** How many are not disposed: a test of who opens them can ask. */
  get size(): number {
    return this.#watches.size;
  }
}

/** As the real one: `changed()` rejects with an `AbortError` once the watch is disposed. */
class FakeWatch implements FileWatch {
  #changes = 0;
  #seen = 0;
  #isDisposed = false;
  #waiting: PromiseWithResolvers<void> | undefined;
  readonly #forget: () => void;

  constructor(readonly group: FakeGroup, readonly file: string, forget: () => void) {
    this.#forget = forget;
  }

  changed(): Promise<void> {
    if (this.#isDisposed) return Promise.reject(disposed());
    const isNew = this.#changes > this.#seen;
    this.#seen = this.#changes;
    if (isNew) return Promise.resolve();
    if (!this.#waiting) {
      this.#waiting = Promise.withResolvers();
      this.#waiting.promise.catch(() => {});
    }
    return this.#waiting.promise;
  }

  notice(): void {
    this.#changes++;
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#waiting?.reject(disposed());
    this.#waiting = undefined;
    this.#forget();
  }
}

function disposed(): DOMException {
  return new DOMException("the watch was disposed", "AbortError");
}
