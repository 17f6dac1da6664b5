/**
 * The processes of a fake cgroup tree.
 *
 * @module
 */

import type { FakeGroup, FakeProcess } from "./fake_cgroup_tree.ts";
import { Refused } from "./fake_cgroup_values.ts";

/** A process, for tests. */
export interface FakeProcessHandle {
  readonly pid: number;
  alive(): boolean;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  /** Ends it, also when it is stuck. `isReaped: false` leaves a zombie. */
  end(options?: { isReaped?: boolean }): void;
}

interface Entry {
  readonly process: FakeProcess;
  readonly handle: FakeProcessHandle;
  readonly resolve: () => void;
}

/** The processes of one tree. */
export class FakeProcesses {
  readonly #entries = new Map<number, Entry>();
  readonly #onChange: () => void;
  /** No pid of init or of a kernel thread. */
  #next = 1001;

  /** @param onChange is called when a group has got or lost a process. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  spawn(group: FakeGroup | undefined, kind: { isStuck?: boolean; isKernelThread?: boolean }): FakeProcessHandle {
    const { isStuck = false, isKernelThread = false } = kind;
    const process: FakeProcess = { pid: this.#next++, group: undefined, state: "running", isStuck, isKernelThread };
    const { promise, resolve } = Promise.withResolvers<void>();
    const handle: FakeProcessHandle = {
      pid: process.pid,
      ended: promise,
      alive: () => process.state === "running",
      end: ({ isReaped = true } = {}) => this.#end(process, isReaped ? "gone" : "zombie"),
    };
    this.#entries.set(process.pid, { process, handle, resolve });
    group?.place(process);
    this.#onChange();
    return handle;
  }

  fork(pid: number): FakeProcessHandle | undefined {
    const { group, state } = this.find(pid);
    if (state !== "running") throw new Error(`${pid} has ended, and can't fork`);
    const limited = (group ? [group, ...group.ancestors] : []).find(isFull);
    if (!limited) return this.spawn(group, {});
    const hits = Number((limited.contents.get("pids.events") ?? "max 0").split(" ")[1]);
    limited.contents.set("pids.events", `max ${hits + 1}`);
    return undefined;
  }

  /** @throws {Refused} ESRCH */
  find(pid: number): FakeProcess {
    // The kernel takes 0 for whoever writes; nobody here is anybody.
    if (pid === 0) throw new Error("the fake cgroup tree doesn't know who writes 0 to cgroup.procs");
    const process = this.#entries.get(pid)?.process;
    if (!process || process.state === "gone") throw new Refused("ESRCH");
    return process;
  }

  /** What `cgroup.kill` does: a signal, which takes its time; a frozen process gets it as well. */
  kill(groups: readonly FakeGroup[]): void {
    const doomed = groups.flatMap(({ processes }) => [...processes]).filter(({ isStuck }) => !isStuck);
    if (doomed.length) setTimeout(() => doomed.forEach((process) => this.#end(process, "gone")), 0);
  }

  #end(process: FakeProcess, state: "zombie" | "gone"): void {
    if (process.state === "gone") return;
    process.state = state;
    process.group?.processes.delete(process);
    process.group = undefined;
    this.#entries.get(process.pid)?.resolve();
    this.#onChange();
  }
}

function isFull(group: FakeGroup): boolean {
  const max = group.contents.get("pids.max") ?? "max";
  const count = [group, ...group.descendants].reduce((sum, { processes }) => sum + processes.size, 0);
  return max !== "max" && count >= Number(max);
}
