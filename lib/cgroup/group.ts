/**
 * The cgroup of one VM: its limits, what happened in it, its end.
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { join } from "@std/path";
import { within } from "../base/deadline.ts";
import { BerthError } from "../base/errors.ts";

/** The limits of a group. */
export interface GroupLimits {
  readonly memoryMaxBytes: number;
  readonly pidsMax: number;
}

/** What the kernel has counted; a file that is not there leaves its value undefined. */
export interface GroupUsage {
  readonly oomKills?: number;
  readonly cpuMs?: number;
  readonly memoryPeakBytes?: number;
  readonly cpuThrottledPeriods?: number;
}

/** A VM's group. Disposing kills what is in it and removes it. */
export interface Group extends AsyncDisposable {
  readonly path: string;
  readUsage(): Promise<GroupUsage>;
}

const EMPTY_MS = 5000;

/** Creates a group whose limits are in force: each one is read back. */
export async function createGroup(path: string, limits: GroupLimits): Promise<Group> {
  await Deno.mkdir(path);
  try {
    await apply(path, "memory.max", String(limits.memoryMaxBytes));
    await apply(path, "pids.max", String(limits.pidsMax));
    // A VM is all or nothing: without its VMM's other threads it would hang instead of end.
    await apply(path, "memory.oom.group", "1");
    return new KernelGroup(path);
  } catch (error) {
    await Deno.remove(path).catch(() => {});
    throw error;
  }
}

async function apply(path: string, file: string, value: string): Promise<void> {
  await Deno.writeTextFile(join(path, file), value, { create: false });
  const applied = (await Deno.readTextFile(join(path, file))).trim();
  // The kernel rounds memory down to whole pages.
  if (applied !== value && Math.abs(Number(applied) - Number(value)) >= 65536) {
    throw new BerthError("host.limits", `${file}: wrote ${value}, and the kernel made it ${applied}`);
  }
}

class KernelGroup implements Group {
  constructor(readonly path: string) {}

  async readUsage(): Promise<GroupUsage> {
    const [memory, cpu, peak] = await Promise.all([
      this.#readKeys("memory.events"),
      this.#readKeys("cpu.stat"),
      this.#read("memory.peak"),
    ]);
    return {
      oomKills: memory.get("oom_kill"),
      cpuMs: toMillis(cpu.get("usage_usec")),
      cpuThrottledPeriods: cpu.get("nr_throttled"),
      memoryPeakBytes: peak === undefined ? undefined : Number(peak),
    };
  }

  async #readKeys(file: string): Promise<Map<string, number>> {
    const lines = (await this.#read(file) ?? "").split("\n").map((line) => line.split(" "));
    return new Map(lines.filter((words) => words.length === 2).map(([key, value]) => [key, Number(value)]));
  }

  async #read(file: string): Promise<string | undefined> {
    try {
      return (await Deno.readTextFile(join(this.path, file))).trim();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.writeTextFile(join(this.path, "cgroup.kill"), "1", { create: false });
    await within(this.#waitUntilEmpty(), EMPTY_MS, `the cgroup ${this.path} to become empty`);
    await Deno.remove(this.path);
  }

  /** The kernel tells of changes to cgroup.events by inotify. */
  async #waitUntilEmpty(): Promise<void> {
    using watcher = Deno.watchFs(join(this.path, "cgroup.events"));
    if ((await this.#readKeys("cgroup.events")).get("populated") === 0) return;
    for await (const _event of watcher) {
      if ((await this.#readKeys("cgroup.events")).get("populated") === 0) return;
    }
  }
}

function toMillis(micros: number | undefined): number | undefined {
  return micros === undefined ? undefined : Math.round(micros / 1000);
}
