/**
 * The driver that makes groups itself, in a part of the tree that was given to berth.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { applyLimits, readLimits, translateRefusal } from "./apply.ts";
import { type CgroupFs, isErrno, joinPath } from "./cgroup_fs.ts";
import type { Driver, Group, GroupRequest, Tenant, Unenforceable } from "./driver.ts";
import { type Controller, CONTROLLER_OF, type Limits, limitsIn } from "./limits.ts";
import { groupName } from "./names.ts";
import { endGroup } from "./removal.ts";
import { prepareParent } from "./supervisor.ts";
import { type GroupUsage, readUsage } from "./usage.ts";

/** How often a VM's group is tried when its tenant's goes away under it: the tenant's last VM has just ended. */
const ATTEMPTS = 10;

/**
 * Prepares the tree for VMs.
 *
 * @param fs the tree from the group that VMs' groups are made in.
 * @param hostRoot the absolute path of that group as the host sees it.
 * @throws {BerthError} `cgroup.*`: what stands in the way.
 */
export async function openCgroupfs(fs: CgroupFs, hostRoot = fs.root): Promise<Driver> {
  return new CgroupfsDriver(fs, hostRoot, await prepareParent(fs));
}

class CgroupfsDriver implements Driver {
  readonly name = "cgroupfs";
  readonly #fs: CgroupFs;
  readonly #hostRoot: string;
  readonly #enabled: readonly Controller[];

  constructor(fs: CgroupFs, hostRoot: string, enabled: readonly Controller[]) {
    this.#fs = fs;
    this.#hostRoot = hostRoot;
    this.#enabled = enabled;
  }

  unenforceable(limits: Limits): Unenforceable[] {
    return limitsIn(limits).filter((limit) => !this.#enabled.includes(CONTROLLER_OF[limit])).map((limit) => ({
      limit,
      reason: `${this.#hostRoot} has no ${CONTROLLER_OF[limit]} controller`,
    }));
  }

  async createGroup({ id, tenant, limits }: GroupRequest): Promise<Group> {
    const tenantPath = tenant ? groupName("tenant", tenant.name) : "";
    const path = joinPath(tenantPath, groupName("vm", id));
    await this.#make(path, tenantPath, tenant);
    const group = new CgroupfsGroup(this.#fs, { path, tenantPath, hostRoot: this.#hostRoot, limits });
    try {
      await applyLimits(this.#fs, path, limits);
      // A VM is all or nothing: without its VMM's other threads it would hang instead of end.
      if (limits.memoryMaxBytes !== undefined) await this.#fs.write(joinPath(path, "memory.oom.group"), "1");
      return group;
    } catch (error) {
      await group[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Makes the VM's group, and its tenant's. */
  async #make(path: string, tenantPath: string, tenant?: Tenant): Promise<void> {
    for (let attempt = 1;; attempt++) {
      try {
        if (tenant) await this.#makeTenant(tenantPath, tenant.limits);
        return await this.#fs.mkdir(path);
      } catch (error) {
        if (isErrno(error, "EEXIST")) {
          throw new BerthError("host.limits", `there is a group ${path} already`, { cause: error });
        }
        const tenantGone = tenant && isErrno(error, "ENOENT", "ENODEV") && attempt < ATTEMPTS;
        if (!tenantGone) throw translateRefusal(error, `the group ${path} can't be made`);
      }
    }
  }

  async #makeTenant(path: string, limits: Limits): Promise<void> {
    await this.#fs.mkdir(path).catch((error) => {
      if (!isErrno(error, "EEXIST")) throw error;
    });
    // Controllers reach one level only: each level hands on what it has.
    for (const name of this.#enabled) await this.#fs.write(joinPath(path, "cgroup.subtree_control"), `+${name}`);
    await applyLimits(this.#fs, path, limits);
  }

  // Nothing is undone: another berth, now or later, finds the leaf and the controllers as they must be.
  async [Symbol.asyncDispose](): Promise<void> {}
}

interface GroupPlace {
  readonly path: string;
  readonly tenantPath: string;
  readonly hostRoot: string;
  readonly limits: Limits;
}

class CgroupfsGroup implements Group {
  readonly path: string;
  readonly hostPath: string;
  readonly #fs: CgroupFs;
  readonly #place: GroupPlace;

  constructor(fs: CgroupFs, place: GroupPlace) {
    this.#fs = fs;
    this.#place = place;
    this.path = `${fs.root}/${place.path}`;
    this.hostPath = `${place.hostRoot}/${place.path}`;
  }

  async readLimits(): Promise<Limits> {
    return await readLimits(this.#fs, this.#place.path, this.#place.limits);
  }

  async readUsage(): Promise<GroupUsage> {
    return await readUsage(this.#fs, this.#place.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endGroup(this.#fs, this.#place.path);
    if (!this.#place.tenantPath) return;
    await this.#fs.rmdir(this.#place.tenantPath).catch((error) => {
      // It has another VM, or is gone.
      if (!isErrno(error, "EBUSY", "ENOTEMPTY", "ENOENT")) throw error;
    });
  }
}
