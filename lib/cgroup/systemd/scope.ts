/**
 * A VM's scope: systemd puts the limits on it, and berth, to whom it is delegated, makes two groups in it.
 *
 *     berth-ID.scope    the limits, set by systemd and read back by berth
 *     ├── holder        one small shell (see holder.ts)
 *     └── vm            the VM, which is killed as a whole and without the holder
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { checkLimits, expectMemoryFits, readLimits, translateRefusal } from "../apply.ts";
import { type CgroupFs, isErrno, joinPath } from "../cgroup_fs.ts";
import type { Group } from "../driver.ts";
import { type Limits, limitsIn, MUST_HAVE, OPTIONAL } from "../limits.ts";
import { endGroup } from "../removal.ts";
import { type GroupUsage, readUsage } from "../usage.ts";
import { addDevice, type Device, deviceProperties, parseDeviceList, removeDevice } from "./devices.ts";
import { type Holder, startHolder } from "./holder.ts";
import { limitProperties, resetProperties } from "./properties.ts";
import type { Systemd } from "./systemctl.ts";

/** systemctl's exit status for a unit that is not loaded (EXIT_NOTINSTALLED in systemd.exec(5)). */
const NOT_LOADED = 5;

/** Scope to start. */
export interface ScopePlan {
  readonly unit: string;
  readonly slice: string;
  /** The slice's folder, in the tree and as the host sees it. */
  readonly folder: string;
  readonly hostFolder: string;
  readonly limits: Limits;
  /** What may be opened in it; absent is everything. */
  readonly devices?: readonly Device[];
}

/** Place of a running scope: its name, and its folder in the tree. */
export interface ScopePlace {
  readonly unit: string;
  readonly path: string;
}

/** Properties that a scope is started with. Pure. */
export function scopeProperties({ limits, devices }: Pick<ScopePlan, "limits" | "devices">): string[] {
  return [
    // All controllers, down to here; and systemd keeps its hands off what is below, also over a daemon-reload.
    // OOMPolicy is `continue` where Delegate=yes is set (seen with 252; systemd.service(5)): the VM's end is not
    // the holder's.
    "Delegate=yes",
    // Where somebody stops the scope: nothing in it needs longer, and the default is 90 s.
    "TimeoutStopSec=5s",
    // systemd gives scopes a limit of its own.
    ...(limits.pidsMax === undefined ? ["TasksMax=infinity"] : []),
    ...limitProperties(limits),
    ...(devices ? ["DevicePolicy=strict", ...deviceProperties(devices).slice(1)] : []),
  ];
}

/**
 * Starts a scope. When this returns, every limit is in force.
 *
 * @param above what has to be there as long as the scope is; disposed after it, also when it does not start.
 * @throws {BerthError} `host.limits`, `cgroup.systemd`, `cgroup.unit`.
 */
export async function startScope(
  systemd: Systemd,
  fs: CgroupFs,
  plan: ScopePlan,
  above?: AsyncDisposable,
): Promise<Scope> {
  await using stack = new AsyncDisposableStack();
  stack.use(above);
  const { unit, slice, limits } = plan;
  const sliceFolder = joinPath(fs.root, plan.folder);
  const holder = await startHolder(systemd, { unit, slice, properties: scopeProperties(plan), sliceFolder });
  const path = joinPath(plan.folder, holder.folder);
  stack.defer(() => endUnit(systemd, fs, { unit, path }));
  stack.use(holder);
  try {
    await makeGroups(fs, path, holder);
  } catch (error) {
    throw translateRefusal(error, `the groups of ${unit} can't be made in ${sliceFolder}`);
  }
  stack.defer(() => endGroup(fs, joinPath(path, "vm")));
  await checkLimits(fs, path, limits);
  return new Scope(systemd, fs, { unit, path, hostPath: `${plan.hostFolder}/${holder.folder}`, limits }, stack.move());
}

async function makeGroups(fs: CgroupFs, path: string, holder: Holder): Promise<void> {
  await fs.mkdir(joinPath(path, "holder"));
  // Only a group without processes hands controllers on.
  await fs.write(joinPath(path, "holder/cgroup.procs"), holder.pid);
  const there = (await fs.read(joinPath(path, "cgroup.controllers"))).split(" ");
  const controllers = [...MUST_HAVE, ...OPTIONAL].filter((name) => there.includes(name));
  for (const name of controllers) await fs.write(joinPath(path, "cgroup.subtree_control"), `+${name}`);
  await fs.mkdir(joinPath(path, "vm"));
  // A VM is all or nothing: without its VMM's other threads it would hang instead of end.
  if (controllers.includes("memory")) await fs.write(joinPath(path, "vm/memory.oom.group"), "1");
}

/** Waits until systemd is done with the unit: it ends by itself when its processes have. */
async function endUnit(systemd: Systemd, fs: CgroupFs, { unit, path }: ScopePlace): Promise<void> {
  const stopped = await systemd.tryControl("stop", "--", unit);
  if ((stopped.success || stopped.code === NOT_LOADED) && !await isThere(fs, path)) return;
  await systemd.tryControl("kill", "--signal=KILL", "--", unit);
  const { success, code, stderr } = await systemd.tryControl("stop", "--", unit);
  if ((success || code === NOT_LOADED) && !await isThere(fs, path)) return;
  throw new BerthError(
    "cgroup.systemd",
    `the unit ${unit} does not end: ${stderr.trim() || "its group is still there"}`,
  );
}

async function isThere(fs: CgroupFs, path: string): Promise<boolean> {
  try {
    await fs.read(joinPath(path, "cgroup.events"));
    return true;
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENODEV")) return false;
    throw error;
  }
}

/**
 * What the kernel has counted for a VM.
 *
 * The VM's own group has what the VM did and used, without the holder: its kills, peak, CPU time, I/O, pressure. Where a
 * limit struck is counted in the group that has the limit, which is the scope: `oom` (the VM's group has none, even when
 * all of it was killed), `high`, and the throttling. For pids Linux counted in the group that wanted to fork, and counts
 * in the group with the limit since 6.11: one of the two is always 0.
 */
export async function readScopeUsage(fs: CgroupFs, path: string): Promise<GroupUsage> {
  const [vm, scope] = await Promise.all([readUsage(fs, joinPath(path, "vm")), readUsage(fs, path)]);
  const { ownOoms, memoryHighEvents, cpuThrottledPeriods, cpuThrottledMs } = scope;
  const hits = [vm.pidsLimitHits, scope.pidsLimitHits].filter((count) => count !== undefined);
  const pidsLimitHits = hits.length ? hits.reduce((sum, count) => sum + count) : undefined;
  return { ...vm, ownOoms, memoryHighEvents, cpuThrottledPeriods, cpuThrottledMs, pidsLimitHits };
}

/**
 * Changes limits of a running scope: all of them, or none.
 *
 * @throws {BerthError} `host.limits` when one is not in force afterwards, or the VM uses more memory than that now.
 */
export async function updateScope(systemd: Systemd, fs: CgroupFs, place: ScopePlace, limits: Limits): Promise<void> {
  await expectMemoryFits(fs, place.path, limits);
  const before = await readLimits(fs, place.path, limits);
  try {
    await systemd.setProperties(place.unit, limitProperties(limits));
    await checkLimits(fs, place.path, limits);
  } catch (error) {
    const undo = limitsIn(limits).flatMap((name) => [
      // A device without a rate has no line that could be written back.
      ...(before[name] === undefined || name === "ioMax" ? resetProperties([name]) : []),
      ...limitProperties({ [name]: before[name] }),
    ]);
    await systemd.setProperties(place.unit, undo).catch(() => {});
    throw error;
  }
}

/**
 * Reads the devices of a running scope.
 *
 * @throws {BerthError} `cgroup.device` when it is not limited to any.
 */
export async function readDevices(systemd: Systemd, unit: string): Promise<Device[]> {
  const lines = (await systemd.control("show", "-p", "DevicePolicy", "-p", "DeviceAllow", "--", unit)).split("\n");
  const valuesOf = (name: string) =>
    lines.filter((line) => line.startsWith(`${name}=`)).map((line) => line.slice(name.length + 1));
  const [policy] = valuesOf("DevicePolicy");
  if (policy === "strict") return parseDeviceList(valuesOf("DeviceAllow"));
  throw new BerthError("cgroup.device", `the devices of ${unit} are not limited (DevicePolicy=${policy})`);
}

/** Allows a running scope one more device. The caller has seen that there is one: systemd leaves out others silently. */
export async function allowDevice(systemd: Systemd, unit: string, device: Device): Promise<void> {
  await systemd.setProperties(unit, deviceProperties(addDevice(await readDevices(systemd, unit), device)));
}

/**
 * Takes a device from a running scope: it can't be opened any more. Who has it open keeps it.
 *
 * @throws {BerthError} `cgroup.device` when it is not among those that are allowed.
 */
export async function denyDevice(systemd: Systemd, unit: string, node: string): Promise<void> {
  await systemd.setProperties(unit, deviceProperties(removeDevice(await readDevices(systemd, unit), node)));
}

/** Group of a VM, in a scope. Disposing kills the VM, and ends when systemd has forgotten the unit. */
export class Scope implements Group {
  readonly path: string;
  readonly hostPath: string;
  readonly unit: string;
  readonly #systemd: Systemd;
  readonly #fs: CgroupFs;
  readonly #place: ScopePlace;
  readonly #stack: AsyncDisposableStack;
  #limits: Limits;

  constructor(
    systemd: Systemd,
    fs: CgroupFs,
    place: ScopePlace & { readonly hostPath: string; readonly limits: Limits },
    stack: AsyncDisposableStack,
  ) {
    this.#systemd = systemd;
    this.#fs = fs;
    this.#place = place;
    this.#stack = stack;
    this.#limits = place.limits;
    this.unit = place.unit;
    this.path = joinPath(fs.root, place.path, "vm");
    this.hostPath = place.hostPath;
  }

  readLimits(): Promise<Limits> {
    return readLimits(this.#fs, this.#place.path, this.#limits);
  }

  readUsage(): Promise<GroupUsage> {
    return readScopeUsage(this.#fs, this.#place.path);
  }

  async update(limits: Limits): Promise<void> {
    await updateScope(this.#systemd, this.#fs, this.#place, limits);
    this.#limits = { ...this.#limits, ...limits };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
