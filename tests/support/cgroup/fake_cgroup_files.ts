/**
 * The interface files of a group: which ones there are, what they hold, what a write does.
 *
 * @module
 */

import type { Controller } from "../../../lib/cgroup/limits.ts";
import { parseIoMax, parseIoWeight } from "./fake_cgroup_io.ts";
import type { FakeGroup } from "./fake_cgroup_tree.ts";
import {
  formatList,
  parseCpuMax,
  parseCpuset,
  parseCpuWeight,
  parseInt32,
  parseMemory,
  parseOomGroup,
  parsePidsMax,
  parseTreeLimit,
  Refused,
} from "./fake_cgroup_values.ts";

/** What a kernel has that the values depend on. */
export interface Machine {
  readonly cpus: number;
  /** `MAJOR:MINOR` of the disks. */
  readonly devices: readonly string[];
  /** Files that this kernel doesn't have. */
  readonly lacking: readonly string[];
}

/** One kind of file. */
export interface FileRule {
  /** Undefined: a core file, which is there whatever the parent has enabled. */
  readonly controller?: Controller;
  readonly isOnRoot: boolean;
  /** Undefined: it can't be read, which is EINVAL. */
  readonly read?: (group: FakeGroup, machine: Machine) => string;
  /** What the file holds after a write; undefined: it can't be written, which is EINVAL, even for root. */
  readonly write?: (text: string, before: string, machine: Machine) => string;
  /** A cgroup namespace's root is a border: from inside only these can be written there (CFTYPE_NS_DELEGATABLE). */
  readonly isDelegatable?: boolean;
}

type Extras = Omit<FileRule, "read" | "isOnRoot"> & { readonly isOnRoot?: boolean };

const shown = (read: FileRule["read"], extras: Extras = {}): FileRule => ({ isOnRoot: true, read, ...extras });
const fixed = (content: string, extras: Extras = {}): FileRule => shown(() => content, extras);
/** A file of a controller; the root of the tree has limits of nothing, and so no such files. */
const held = (controller: Controller, initial: string, write?: FileRule["write"]): FileRule => ({
  ...fixed(initial, { controller, write }),
  isOnRoot: false,
});

/** Written to by no test yet: a fake that took anything would prove nothing. */
function unmodelled(): never {
  throw new Error("the fake cgroup tree doesn't know what the kernel does with that");
}

function lines(values: Readonly<Record<string, number>>): string {
  return Object.entries(values).map(([key, value]) => `${key} ${value}`).join("\n");
}

function membersOf(group: FakeGroup): string {
  return [...group.processes].map(({ pid }) => pid).sort((a, b) => a - b).join("\n");
}

function parseFreeze(text: string): string {
  const value = parseInt32(text);
  if (value !== 0 && value !== 1) throw new Refused("ERANGE");
  return String(value);
}

function parseKill(text: string): string {
  if (parseInt32(text) !== 1) throw new Refused("ERANGE");
  return "1";
}

const pressure = (kinds: readonly string[]) =>
  fixed(kinds.map((kind) => `${kind} avg10=0.00 avg60=0.00 avg300=0.00 total=0`).join("\n"), { write: unmodelled });

const CPU_TIMES = { usage_usec: 0, user_usec: 0, system_usec: 0 };
const CPU_THROTTLING = { nr_periods: 0, nr_throttled: 0, throttled_usec: 0, nr_bursts: 0, burst_usec: 0 };

/** Core files: listed in a group without any controller, on Linux 6.1. Writes to three of them act on the tree. */
const CORE: Readonly<Record<string, FileRule>> = {
  "cgroup.controllers": shown((group) => group.available.join(" ")),
  "cgroup.events": shown(
    (group) => lines({ populated: Number(group.isPopulated), frozen: Number(group.isFrozen) }),
    { isOnRoot: false },
  ),
  "cgroup.freeze": shown((group) => String(Number(group.isFreezing)), { isOnRoot: false, write: parseFreeze }),
  "cgroup.kill": { isOnRoot: false, write: parseKill },
  "cgroup.max.depth": fixed("max", { write: parseTreeLimit }),
  "cgroup.max.descendants": fixed("max", { write: parseTreeLimit }),
  "cgroup.pressure": fixed("1", { write: unmodelled }),
  "cgroup.procs": shown(membersOf, { write: (text) => text, isDelegatable: true }),
  "cgroup.stat": shown(({ descendants }) => lines({ nr_descendants: descendants.length, nr_dying_descendants: 0 })),
  "cgroup.subtree_control": shown((group) => group.enabled.join(" "), { write: (text) => text, isDelegatable: true }),
  "cgroup.threads": shown(membersOf, { write: unmodelled, isDelegatable: true }),
  "cgroup.type": shown((group) => group.type, { isOnRoot: false, write: unmodelled }),
  "cpu.pressure": pressure(["some", "full"]),
  "cpu.stat": shown((group) => lines({ ...CPU_TIMES, ...(group.available.includes("cpu") ? CPU_THROTTLING : {}) })),
  "io.pressure": pressure(["some", "full"]),
  "memory.pressure": pressure(["some", "full"]),
};

const memory = (initial: string) => held("memory", initial, parseMemory);
const MEMORY_EVENTS = lines({ low: 0, high: 0, max: 0, oom: 0, oom_kill: 0, oom_group_kill: 0 });

/** The number of memory nodes that can be, on Debian's kernels (CONFIG_NODES_SHIFT); there is one. */
const POSSIBLE_NODES = 1024;

function effective(group: FakeGroup, file: string, all: string): string {
  const own = [group, ...group.ancestors].map(({ contents }) => contents.get(file)).find((content) => content);
  return own ?? all;
}

const allCpus = ({ cpus }: Machine) => formatList(Array.from({ length: cpus }, (_, index) => index));
const countOfAll = (group: FakeGroup) =>
  [group, ...group.descendants].reduce((sum, { processes }) => sum + processes.size, 0);

/** Files of controllers. */
const CONTROLLED: Readonly<Record<string, FileRule>> = {
  "cpu.idle": held("cpu", "0", unmodelled),
  "cpu.max": held("cpu", "max 100000", parseCpuMax),
  "cpu.max.burst": held("cpu", "0", unmodelled),
  "cpu.weight": held("cpu", "100", parseCpuWeight),
  "cpu.weight.nice": held("cpu", "0", unmodelled),
  "cpuset.cpus": held("cpuset", "", (text, _, { cpus }) => parseCpuset(text, cpus, cpus)),
  "cpuset.cpus.effective": shown((group, machine) => effective(group, "cpuset.cpus", allCpus(machine)), {
    controller: "cpuset",
  }),
  "cpuset.cpus.partition": held("cpuset", "member", unmodelled),
  "cpuset.mems": held("cpuset", "", (text) => parseCpuset(text, POSSIBLE_NODES, 1)),
  "cpuset.mems.effective": shown((group) => effective(group, "cpuset.mems", "0"), { controller: "cpuset" }),
  "io.max": held("io", "", (text, before, { devices }) => parseIoMax(text, before, devices)),
  "io.stat": fixed("", { controller: "io" }),
  "io.weight": held("io", "default 100", (text, before, { devices }) => parseIoWeight(text, before, devices)),
  "memory.current": held("memory", "0"),
  "memory.events": held("memory", MEMORY_EVENTS),
  "memory.events.local": held("memory", MEMORY_EVENTS),
  "memory.high": memory("max"),
  "memory.low": memory("0"),
  "memory.max": memory("max"),
  "memory.min": memory("0"),
  "memory.numa_stat": fixed("anon N0=0\nfile N0=0", { controller: "memory" }),
  "memory.oom.group": { ...held("memory", "0", parseOomGroup), isDelegatable: true },
  "memory.peak": held("memory", "0"),
  "memory.reclaim": { controller: "memory", isOnRoot: true, write: unmodelled, isDelegatable: true },
  "memory.stat": fixed("anon 0\nfile 0", { controller: "memory" }),
  "memory.swap.current": held("memory", "0"),
  "memory.swap.events": held("memory", lines({ high: 0, max: 0, fail: 0 })),
  "memory.swap.high": memory("max"),
  "memory.swap.max": memory("max"),
  "pids.current": shown((group) => String(countOfAll(group)), { controller: "pids", isOnRoot: false }),
  "pids.events": held("pids", lines({ max: 0 })),
  "pids.max": held("pids", "max", parsePidsMax),
  "pids.peak": held("pids", "0"),
};

const RULES = new Map([...Object.entries(CORE), ...Object.entries(CONTROLLED)]);

/** The rule of a group's file; undefined when the group has no such file. */
export function fileRule(group: FakeGroup, name: string, machine: Machine): FileRule | undefined {
  const rule = machine.lacking.includes(name) ? undefined : RULES.get(name);
  if (!rule || (group.kind === "root" && !rule.isOnRoot)) return undefined;
  return rule.controller === undefined || group.available.includes(rule.controller) ? rule : undefined;
}

/** What a read of the file gives. */
export function contentOf(group: FakeGroup, name: string, rule: FileRule, machine: Machine): string {
  if (!rule.read) throw new Refused("EINVAL");
  return group.contents.get(name) ?? rule.read(group, machine);
}
