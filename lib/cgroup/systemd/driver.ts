/**
 * The driver that has systemd make a scope around each VM.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { randomId } from "../../base/ids.ts";
import { checkLimits } from "../apply.ts";
import { type CgroupFs, isErrno } from "../cgroup_fs.ts";
import type { CgroupFacts } from "../../host/cgroup_facts.ts";
import type { Driver, GroupRequest, Unenforceable } from "../driver.ts";
import { CONTROLLER_OF, FILE_OF, type LimitName, type Limits, limitsIn } from "../limits.ts";
import { vmLabel } from "../names.ts";
import type { Parent } from "../parent.ts";
import { type Device, parseDevice, planDevices } from "./devices.ts";
import { DEFAULT_PREFIX, DEFAULT_SLICE, limitProperties, scopeName, tenantSlice } from "./properties.ts";
import { type Scope, startScope } from "./scope.ts";
import { findSystemd, type ManagerOptions, type Systemd } from "./systemctl.ts";
import { holdSlice } from "./tenant_slices.ts";

/** Place of the scopes, and their manager. */
export interface SystemdDriverOptions extends ManagerOptions {
  readonly slice: string;
  /** The first part of the scopes' names. */
  readonly prefix: string;
  /** The second part, for the only VM of this driver; without it, it is each VM's id. */
  readonly name?: string;
  /** The absolute path of the slice's folder as the host sees it. */
  readonly hostSlice: string;
  /** What VMs may open, where that can be enforced; absent is everything. */
  readonly devices?: readonly Device[];
}

/** Wishes of the user for scopes. */
export interface SystemdRequest {
  readonly parent: Parent;
  /** `PATH[:rwm]`, as the user wrote them. */
  readonly devices: readonly string[];
  /** Called with what is left out. */
  readonly onWarning: (message: string) => void;
}

/** Properties of a scope of this host. */
export interface ScopeFacts {
  readonly controllers: readonly string[];
  /** The names of the files in its folder. */
  readonly files: readonly string[];
  /** Whether a device that is not allowed can't be opened: a user's manager ignores the list in silence. */
  readonly enforcesDevices: boolean;
}

/**
 * Looks at a scope from inside, and joins a group in it. /dev/null is allowed it, and /dev/zero is not.
 *
 * Only a delegated scope tells the truth: in a slice without one systemd has enabled no more than it needed so far.
 */
const PROBE = `while read -r group; do case $group in 0::*) break ;; esac; done </proc/self/cgroup
cd "$1/\${group##*/}" && read -r controllers <cgroup.controllers && echo "$controllers" && echo * || exit
mkdir join && echo 0 >join/cgroup.procs || exit
if (: </dev/zero) 2>/dev/null; then echo open; else echo shut; fi`;

const PROBE_PROPERTIES = ["Delegate=yes", "DevicePolicy=strict", "DeviceAllow=/dev/null rwm"];

/**
 * Opens the driver for the system's manager, as the user wants it on this host.
 *
 * @param fs the tree from the slice's folder.
 * @throws {BerthError} `usage.value` for a device that is not there; `cgroup.systemd`.
 */
export async function openSystemd(
  fs: CgroupFs,
  { parent, devices, onWarning }: SystemdRequest,
  facts: Pick<CgroupFacts, "sliceWindow" | "devices">,
): Promise<SystemdDriver> {
  const { allowed, missing } = planDevices(devices.map(parseDevice), facts.devices);
  const { slice, prefix, name } = parent.kind === "unit"
    ? parent
    : { slice: DEFAULT_SLICE, prefix: DEFAULT_PREFIX, name: undefined };
  const options = { slice, prefix, name, hostSlice: facts.sliceWindow, devices: allowed };
  const driver = await openSystemdDriver(fs, options);
  if (!driver.enforcesDevices) onWarning("systemd does not enforce device lists here: the VMM may open any device");
  else if (missing.length) onWarning(`not on this host, so the VMM does without: ${missing.join(", ")}`);
  return driver;
}

/**
 * Opens the driver: tries a scope.
 *
 * @param fs the tree from the slice's folder.
 * @throws {BerthError} `cgroup.systemd` when systemd makes none, or makes it elsewhere.
 */
export async function openSystemdDriver(fs: CgroupFs, options: SystemdDriverOptions): Promise<SystemdDriver> {
  const systemd = await findSystemd(options);
  const unit = scopeName(options.prefix, `probe-${randomId()}`);
  const command = ["sh", "-c", PROBE, "berth-probe", fs.root];
  const args = [...systemd.scopeArguments(unit, options.slice, PROBE_PROPERTIES), ...command];
  const { success, stdout, stderr } = await systemd.runInScope(args);
  if (!success) {
    throw new BerthError("cgroup.systemd", `systemd gives berth no scope in ${options.slice}: ${stderr.trim()}`);
  }
  return new SystemdDriver(systemd, fs, options, parseProbe(stdout));
}

/** Reads what the probe says. */
export function parseProbe(text: string): ScopeFacts {
  const [controllers, files, devices] = text.split("\n");
  return { controllers: controllers.split(" "), files: files.split(" "), enforcesDevices: devices === "shut" };
}

/** Maker of scopes. A scope ends when its owner does: its holder sees to that (holder.ts). */
export class SystemdDriver implements Driver {
  readonly name = "systemd";
  /** Whether {@linkcode SystemdDriverOptions.devices} is in force. */
  readonly enforcesDevices: boolean;
  readonly facts: ScopeFacts;
  readonly #systemd: Systemd;
  readonly #fs: CgroupFs;
  readonly #options: SystemdDriverOptions;

  constructor(systemd: Systemd, fs: CgroupFs, options: SystemdDriverOptions, facts: ScopeFacts) {
    this.#systemd = systemd;
    this.#fs = fs;
    this.#options = options;
    this.facts = facts;
    this.enforcesDevices = facts.enforcesDevices;
  }

  unenforceable(limits: Limits): Unenforceable[] {
    return limitsIn(limits).flatMap((limit) => {
      const reason = this.#problemWith(limit);
      return reason === undefined ? [] : [{ limit, reason }];
    });
  }

  #problemWith(limit: LimitName): string | undefined {
    const { controllers, files } = this.facts;
    const controller = CONTROLLER_OF[limit];
    if (!controllers.includes(controller)) return `systemd delegates no ${controller} controller to its scopes here`;
    if (!files.includes(FILE_OF[limit])) return `this kernel has no ${FILE_OF[limit]}`;
  }

  async createGroup({ id, name: jobName, tenant, limits }: GroupRequest): Promise<Scope> {
    const { prefix, name = vmLabel(id, jobName), hostSlice, devices } = this.#options;
    const slice = tenant ? tenantSlice(this.#options.slice, tenant.name) : this.#options.slice;
    const folder = tenant ? slice : "";
    // Before anything is held: not every name can be one.
    const unit = scopeName(prefix, name);
    const shared = tenant && await this.#holdTenant(slice, tenant.limits);
    const scope = await startScope(this.#systemd, this.#fs, {
      unit,
      slice,
      folder,
      hostFolder: tenant ? `${hostSlice}/${folder}` : hostSlice,
      limits,
      devices: this.enforcesDevices ? devices : undefined,
    }, shared);
    try {
      if (tenant) await checkLimits(this.#fs, folder, tenant.limits);
      return scope;
    } catch (error) {
      await scope[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A share in a tenant's slice, with its limits in force. */
  async #holdTenant(slice: string, limits: Limits): Promise<AsyncDisposable> {
    await using stack = new AsyncDisposableStack();
    stack.use(await holdSlice(this.#systemd, this.#fs, { unit: slice, path: slice }));
    await this.#limitTenant(slice, limits);
    return stack.move();
  }

  /**
   * Limits all VMs of a tenant together. What is not asked for stays as it is: an operator may have a unit file for the
   * slice.
   */
  async #limitTenant(slice: string, limits: Limits): Promise<void> {
    try {
      await checkLimits(this.#fs, slice, limits);
    } catch (error) {
      const isNotInForce = error instanceof BerthError && error.code === "host.limits";
      if (!isNotInForce && !isErrno(error, "ENOENT", "ENODEV")) throw error;
      await this.#systemd.setProperties(slice, limitProperties(limits));
    }
  }

  // Every scope has an owner of its own.
  async [Symbol.asyncDispose](): Promise<void> {}
}
