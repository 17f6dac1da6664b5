/**
 * A cgroup v2 tree in memory that says no where the kernel does: the fake behind {@linkcode CgroupFs}. The same contract
 * suite runs on it and on a real tree (`tests/contract/cgroup_fs.ts`); where they differ, the kernel is right.
 *
 * Not modelled: threaded groups, OOM, CPU time, `cpuset.cpus.partition`. A write that would need them throws an `Error`.
 *
 * @module
 */

import { type CgroupFs, CgroupFsError, checkPath, type FileWatch, joinPath } from "../../../lib/cgroup/cgroup_fs.ts";
import type { Controller } from "../../../lib/cgroup/limits.ts";
import { type Call, FakeFaults } from "./fake_cgroup_faults.ts";
import { contentOf, type FileRule, fileRule, type Machine } from "./fake_cgroup_files.ts";
import { FakeProcesses, type FakeProcessHandle } from "./fake_cgroup_processes.ts";
import { CONTROLLERS, FakeGroup, parsePid, type TopKind } from "./fake_cgroup_tree.ts";
import { Refused } from "./fake_cgroup_values.ts";
import { FakeWatches } from "./fake_cgroup_watches.ts";

/** What kind of tree it is. */
export interface FakeCgroupOptions {
  /** What the window begins with (`root`: the tree's own root). */
  readonly top?: TopKind;
  /** `cgroup.controllers` of the top (all that berth knows). */
  readonly controllers?: readonly Controller[];
  /** Where other processes find the top (`/fake/cgroup`). */
  readonly root?: string;
  /** CPUs of the machine (2). */
  readonly cpus?: number;
  /** `MAJOR:MINOR` of its disks (`259:0`). */
  readonly devices?: readonly string[];
  /** Files that older kernels don't have: `memory.peak`, `cgroup.kill`, `memory.swap.max`… (none). */
  readonly lacking?: readonly string[];
}

/** A file of a group that is there. */
interface Found {
  readonly group: FakeGroup;
  readonly file: string;
  readonly rule: FileRule;
}

export class FakeCgroupFs implements CgroupFs {
  readonly root: string;
  /** What is to go wrong, and to happen beside. */
  readonly faults = new FakeFaults();
  /** Every operation so far, also those that were refused. */
  readonly calls: Call[] = [];
  readonly #top: FakeGroup;
  readonly #machine: Machine;
  readonly #watches = new FakeWatches();
  readonly #processes = new FakeProcesses(() => this.#tellEvents());
  /** What `cgroup.events` said last. */
  readonly #told = new Map<FakeGroup, string>();

  constructor(options: FakeCgroupOptions = {}) {
    const { top = "root", controllers = CONTROLLERS, root = "/fake/cgroup" } = options;
    const { cpus = 2, devices = ["259:0"], lacking = [] } = options;
    this.root = root;
    this.#top = new FakeGroup(undefined, top, controllers);
    this.#machine = { cpus, devices, lacking };
    this.#tellEvents();
  }

  async read(path: string): Promise<string> {
    return await this.#do({ operation: "read", path }, (check) => {
      const { group, file, rule } = this.#file(path);
      check();
      return contentOf(group, file, rule, this.#machine);
    });
  }

  async write(path: string, value: string): Promise<void> {
    await this.#do({ operation: "write", path, data: value }, (check) => {
      const found = this.#file(path);
      check();
      // Of no bytes the kernel makes nothing (cgroup_file_write); above a page it says E2BIG.
      if (value === "") return;
      if (new TextEncoder().encode(value).length > 4096) throw new Refused("E2BIG");
      this.#store(found, value.trim());
      this.#watches.notify(found.group, found.file);
    });
  }

  async mkdir(path: string): Promise<void> {
    await this.#do({ operation: "mkdir", path }, (check) => {
      if (path === "") throw new Refused("EEXIST");
      const [above, name] = splitPath(path);
      const parent = this.#group(above);
      if (parent.children.has(name) || fileRule(parent, name, this.#machine)) throw new Refused("EEXIST");
      check();
      parent.addChild(name);
    });
  }

  async rmdir(path: string): Promise<void> {
    await this.#do({ operation: "rmdir", path }, (check) => {
      this.#group(path);
      check();
      // It is a mount point.
      if (path === "") throw new Refused("EBUSY");
      const [above, name] = splitPath(path);
      this.#group(above).removeChild(name);
    });
  }

  async children(path: string): Promise<string[]> {
    return await this.#do({ operation: "list", path }, (check) => {
      const group = this.#group(path);
      check();
      return [...group.children.keys()];
    });
  }

  watch(path: string): FileWatch {
    return this.#act({ operation: "watch", path }, (check) => {
      const { group, file } = this.#file(path);
      check();
      return this.#watches.open(group, file);
    });
  }

  async join(path: string): Promise<void> {
    await this.#do({ operation: "join", path }, (check) => {
      const group = this.#group(path);
      check();
      const process = this.#processes.spawn(undefined, {});
      try {
        group.admit(this.#processes.find(process.pid));
        const child = this.#processes.fork(process.pid);
        if (!child) throw new Refused("EAGAIN");
        child.end();
      } finally {
        process.end();
      }
    });
  }

  /** How many watches are open. */
  get openWatches(): number {
    return this.#watches.size;
  }

  /** Starts a process in a group, or outside of the window. */
  spawn(path?: string, kind: { isStuck?: boolean; isKernelThread?: boolean } = {}): FakeProcessHandle {
    return this.#processes.spawn(path === undefined ? undefined : this.#group(path), kind);
  }

  /** A process forks, in its own group; undefined when `pids.max` of that group or of one above refuses (EAGAIN). */
  fork(pid: number): FakeProcessHandle | undefined {
    return this.#processes.fork(pid);
  }

  /** Sets what a file holds, as the kernel does when something happens: `memory.events`, `memory.peak`, `cpu.stat`… */
  setContent(path: string, content: string): void {
    const { group, file } = this.#file(path);
    group.contents.set(file, content);
    this.#watches.notify(group, file);
  }

  #group(path: string): FakeGroup {
    let group = this.#top;
    for (const name of path.split("/").filter((part) => part)) {
      const child = group.children.get(name);
      if (!child) throw new Refused(fileRule(group, name, this.#machine) ? "ENOTDIR" : "ENOENT");
      group = child;
    }
    return group;
  }

  #file(path: string): Found {
    const [above, file] = splitPath(path);
    const group = this.#group(above);
    const rule = fileRule(group, file, this.#machine);
    // EISDIR of a group has no name here.
    if (!rule) throw new Refused(path === "" || group.children.has(file) ? "EISDIR" : "ENOENT");
    return { group, file, rule };
  }

  #store({ group, file, rule }: Found, text: string): void {
    if (group.kind === "namespace" && !rule.isDelegatable) throw new Refused("EPERM");
    if (!rule.write) throw new Refused("EINVAL");
    const before = rule.read ? contentOf(group, file, rule, this.#machine) : "";
    const content = rule.write(text, before, this.#machine);
    if (file === "cgroup.procs") group.admit(this.#processes.find(parsePid(text)));
    else if (file === "cgroup.subtree_control") group.control(text);
    else if (file === "cgroup.freeze") group.isFreezing = content === "1";
    else if (file === "cgroup.kill") this.#processes.kill([group, ...group.descendants]);
    else group.contents.set(file, content);
  }

  /** The kernel notifies each `cgroup.events` that has changed (cgroup_update_populated, cgroup_update_frozen). */
  #tellEvents(): void {
    for (const group of [this.#top, ...this.#top.descendants]) {
      const events = `${group.isPopulated} ${group.isFrozen}`;
      const isNews = this.#told.has(group) && this.#told.get(group) !== events;
      this.#told.set(group, events);
      if (isNews) this.#watches.notify(group, "cgroup.events");
    }
  }

  async #do<T>(call: Call, act: (check: () => void) => T): Promise<T> {
    const result = this.#act(call, act);
    await this.faults.runHooks(call);
    return result;
  }

  #act<T>(call: Call, act: (check: () => void) => T): T {
    checkPath(call.path);
    this.calls.push(call);
    try {
      const result = act(() => this.faults.check(call));
      this.#tellEvents();
      return result;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      throw new CgroupFsError(call.operation, call.path, error.errno, call.data, { cause: error });
    }
  }
}

function splitPath(path: string): [above: string, name: string] {
  const parts = path.split("/");
  const name = parts.pop()!;
  return [joinPath(...parts), name];
}
