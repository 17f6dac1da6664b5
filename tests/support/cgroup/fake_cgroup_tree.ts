/**
 * Groups and the processes in them, under the rules that bind groups to each other
 * (Documentation/admin-guide/cgroup-v2.rst; kernel/cgroup/cgroup.c of Linux 6.1).
 *
 * @module
 */

import type { Controller } from "../../../lib/cgroup/limits.ts";
import { parseInt32, Refused } from "./fake_cgroup_values.ts";

/** In the order in which the kernel shows them. */
export const CONTROLLERS: readonly Controller[] = ["cpuset", "cpu", "io", "memory", "pids"];

/** Controllers that a kernel knows beside those: their names are not EINVAL. */
const OTHER_CONTROLLERS = ["hugetlb", "rdma", "misc"];

/**
 * Controllers of whole processes. The others work on threads, and so may be enabled beside processes: the group is a
 * "threaded domain" then, and no process can get into the groups below it.
 */
const DOMAIN_CONTROLLERS: readonly Controller[] = ["memory", "io"];

/**
 * What a window begins with: the tree's root; the root of a cgroup namespace, which is a group like any other, but some
 * of its files can't be written from inside; or a group that somebody else made.
 */
export type TopKind = "root" | "namespace" | "group";

/** A process, or what is left of one. */
export interface FakeProcess {
  readonly pid: number;
  /** Undefined: it is in a group outside of the window. */
  group: FakeGroup | undefined;
  /** A zombie has ended, but nobody has asked how. */
  state: "running" | "zombie" | "gone";
  /** In uninterruptible sleep: SIGKILL has no effect. */
  isStuck: boolean;
  /** Kernel threads can't be moved. */
  isKernelThread: boolean;
}

/** A group. */
export class FakeGroup {
  readonly children = new Map<string, FakeGroup>();
  readonly processes = new Set<FakeProcess>();
  /** What interface files hold that were written, or given by a test. */
  readonly contents = new Map<string, string>();
  enabled: readonly Controller[] = [];
  isFreezing = false;

  constructor(
    readonly parent: FakeGroup | undefined,
    readonly kind: TopKind,
    readonly given: readonly Controller[],
  ) {}

  /** Its `cgroup.controllers`. */
  get available(): readonly Controller[] {
    return this.parent ? this.parent.enabled : CONTROLLERS.filter((name) => this.given.includes(name));
  }

  get isPopulated(): boolean {
    return this.processes.size > 0 || this.#hasPopulatedChild;
  }

  get isFrozen(): boolean {
    return this.isFreezing || (this.parent?.isFrozen ?? false);
  }

  get descendants(): FakeGroup[] {
    return [...this.children.values()].flatMap((child) => [child, ...child.descendants]);
  }

  get ancestors(): FakeGroup[] {
    return this.parent ? [this.parent, ...this.parent.ancestors] : [];
  }

  /** Its `cgroup.type`. */
  get type(): string {
    if (this.#isThreadRoot) return "domain threaded";
    return this.#isValidDomain ? "domain" : "domain invalid";
  }

  get #hasPopulatedChild(): boolean {
    return [...this.children.values()].some((child) => child.isPopulated);
  }

  /** cgroup_is_thread_root(); the root, where all is allowed, is none. */
  get #isThreadRoot(): boolean {
    const hasThreaded = this.enabled.some((name) => !DOMAIN_CONTROLLERS.includes(name));
    return this.kind !== "root" && this.processes.size > 0 && hasThreaded;
  }

  /** cgroup_is_valid_domain(). */
  get #isValidDomain(): boolean {
    return !this.ancestors.some((group) => group.#isThreadRoot);
  }

  /** cgroup_can_be_thread_root(). */
  get #canBeThreadRoot(): boolean {
    if (this.kind === "root") return true;
    return !this.#hasPopulatedChild && !this.enabled.some((name) => DOMAIN_CONTROLLERS.includes(name));
  }

  /** What mkdir does, when the name is free. */
  addChild(name: string): FakeGroup {
    // A line break would forge lines of /proc/PID/cgroup (cgroup_mkdir).
    if (name.includes("\n")) throw new Refused("EINVAL");
    for (const [index, group] of [this, ...this.ancestors].entries()) {
      const isFull = group.descendants.length >= group.#limit("cgroup.max.descendants");
      if (isFull || index + 1 > group.#limit("cgroup.max.depth")) throw new Refused("EAGAIN");
    }
    const child = new FakeGroup(this, "group", []);
    this.children.set(name, child);
    return child;
  }

  /** EBUSY, and not ENOTEMPTY, beside groups too (cgroup_destroy_locked). */
  removeChild(name: string): void {
    const child = this.children.get(name);
    if (!child || child.isPopulated || child.children.size) throw new Refused(child ? "EBUSY" : "ENOENT");
    this.children.delete(name);
  }

  #limit(file: string): number {
    const content = this.contents.get(file) ?? "max";
    return content === "max" ? Infinity : Number(content);
  }

  /** A write to `cgroup.subtree_control`. All of it is done, or nothing. */
  control(text: string): void {
    const [enable, disable] = this.#changesIn(text);
    if (enable.some((name) => !this.available.includes(name))) throw new Refused("ENOENT");
    const isUsedBelow = (name: Controller) => [...this.children.values()].some((one) => one.enabled.includes(name));
    if (disable.some(isUsedBelow)) throw new Refused("EBUSY");
    if (enable.length) this.#checkEnable(enable);
    const isOn = (name: Controller) => enable.includes(name) || this.enabled.includes(name) && !disable.includes(name);
    this.enabled = CONTROLLERS.filter(isOn);
    // A controller that comes back has forgotten everything: memory.max is "max" again.
    for (const child of this.children.values()) child.#forget(disable);
  }

  /** What a write asks for that is not so already; of two words about one controller the last one counts. */
  #changesIn(text: string): [enable: Controller[], disable: Controller[]] {
    const wanted = new Map<Controller, boolean>();
    for (const word of text.split(" ").filter((one) => one)) {
      const [sign, name] = [word[0], word.slice(1) as Controller];
      const isKnown = CONTROLLERS.includes(name) || OTHER_CONTROLLERS.includes(name);
      if (!isKnown || (sign !== "+" && sign !== "-")) throw new Refused("EINVAL");
      wanted.set(name, sign === "+");
    }
    const changes = [...wanted].filter(([name, isOn]) => this.enabled.includes(name) !== isOn);
    const namesOf = (on: boolean) => changes.filter(([, isOn]) => isOn === on).map(([name]) => name);
    return [namesOf(true), namesOf(false)];
  }

  /** cgroup_vet_subtree_control_enable(). */
  #checkEnable(enable: readonly Controller[]): void {
    if (!this.#isValidDomain) throw new Refused("EOPNOTSUPP");
    if (this.kind === "root") return;
    const needsDomain = enable.some((name) => DOMAIN_CONTROLLERS.includes(name));
    if (needsDomain && this.#isThreadRoot) throw new Refused("EOPNOTSUPP");
    if (!needsDomain && this.#canBeThreadRoot) return;
    if (this.processes.size > 0) throw new Refused("EBUSY");
  }

  #forget(controllers: readonly Controller[]): void {
    for (const file of [...this.contents.keys()]) {
      if (controllers.some((name) => file.startsWith(`${name}.`))) this.contents.delete(file);
    }
  }

  /** What a write to `cgroup.procs` does to a process (cgroup_migrate_vet_dst). */
  admit(process: FakeProcess): void {
    if (process.isKernelThread) throw new Refused("EINVAL");
    if (!this.#isValidDomain) throw new Refused("EOPNOTSUPP");
    if (!this.#canBeThreadRoot && this.enabled.length) throw new Refused("EBUSY");
    // Seen: a zombie's pid is accepted, and nothing moves.
    if (process.state === "running") this.place(process);
  }

  /** Puts a process here without asking: it was born here. */
  place(process: FakeProcess): void {
    process.group?.processes.delete(process);
    process.group = this;
    this.processes.add(process);
  }
}

/** The number that is written to `cgroup.procs`; whatever is wrong with it is EINVAL (cgroup_procs_write_start). */
export function parsePid(text: string): number {
  try {
    const pid = parseInt32(text);
    if (pid >= 0) return pid;
  } catch {
    // As below.
  }
  throw new Refused("EINVAL");
}
