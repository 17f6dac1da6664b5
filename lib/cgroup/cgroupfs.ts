/**
 * The driver that makes groups itself, in a part of the tree that was given to berth.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { randomId } from "../base/ids.ts";
import { applyLimits, checkLimits, expectMemoryFits, readLimits, translateRefusal } from "./apply.ts";
import { type CgroupFs, isErrno, joinPath } from "./cgroup_fs.ts";
import type { Driver, Group, GroupRequest, Unenforceable } from "./driver.ts";
import {
  type Controller,
  CONTROLLER_OF,
  FILE_OF,
  LIMIT_NAMES,
  type LimitName,
  type Limits,
  limitsIn,
} from "./limits.ts";
import { groupName } from "./names.ts";
import { endGroup } from "./removal.ts";
import { prepareParent } from "./supervisor.ts";
import { type GroupUsage, readIfThere, readUsage } from "./usage.ts";

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
  const controllers = await prepareParent(fs, "", hostRoot);
  return new CgroupfsDriver(fs, hostRoot, controllers, await findLacking(fs, hostRoot));
}

/** Tries a group: which limits have no file here, though their controller is there (`swapaccount=0`, no iocost…). */
async function findLacking(fs: CgroupFs, hostRoot: string): Promise<LimitName[]> {
  const path = `probe-${randomId()}`;
  const attempt = async <T>(action: Promise<T>): Promise<T> => {
    try {
      return await action;
    } catch (error) {
      throw translateRefusal(error, `no group can be made in ${hostRoot}`);
    }
  };
  await attempt(fs.mkdir(path));
  try {
    await fs.write(joinPath(path, "cgroup.kill"), "1").catch((error) => {
      if (!isErrno(error, "ENOENT")) throw error;
      throw new BerthError("cgroup.kernel", "this kernel has no cgroup.kill, so a VM could not be ended for certain");
    });
    const there = await Promise.all(LIMIT_NAMES.map((name) => readIfThere(fs, joinPath(path, FILE_OF[name]))));
    return LIMIT_NAMES.filter((_, index) => there[index] === undefined);
  } finally {
    await attempt(fs.rmdir(path));
  }
}

class CgroupfsDriver implements Driver {
  readonly name = "cgroupfs";
  readonly #fs: CgroupFs;
  readonly #hostRoot: string;
  readonly #enabled: readonly Controller[];
  readonly #lacking: readonly LimitName[];

  constructor(fs: CgroupFs, hostRoot: string, enabled: readonly Controller[], lacking: readonly LimitName[]) {
    this.#lacking = lacking;
    this.#fs = fs;
    this.#hostRoot = hostRoot;
    this.#enabled = enabled;
  }

  unenforceable(limits: Limits): Unenforceable[] {
    return limitsIn(limits).filter((limit) => this.#lacking.includes(limit)).map((limit) => ({
      limit,
      reason: this.#enabled.includes(CONTROLLER_OF[limit])
        ? `this kernel has no ${FILE_OF[limit]}`
        : `${this.#hostRoot} has no ${CONTROLLER_OF[limit]} controller`,
    }));
  }

  async createGroup({ id, tenant, limits }: GroupRequest): Promise<Group> {
    const tenantPath = tenant ? groupName("tenant", tenant.name) : "";
    const path = joinPath(tenantPath, groupName("vm", id));
    await this.#make(path, tenantPath);
    await using stack = new AsyncDisposableStack();
    const group = stack.use(new CgroupfsGroup(this.#fs, { path, tenantPath, hostRoot: this.#hostRoot, limits }));
    // Not before: until it has the VM's group in it, somebody else may take the tenant's away and make another one.
    if (tenant) await this.#prepareTenant(tenantPath, tenant.limits);
    await applyLimits(this.#fs, path, limits);
    if (limits.memoryMaxBytes !== undefined) await endAsAWhole(this.#fs, path);
    stack.move();
    return group;
  }

  /** Makes the VM's group, and its tenant's. */
  async #make(path: string, tenantPath: string): Promise<void> {
    for (let attempt = 1;; attempt++) {
      try {
        if (tenantPath) await makeUnlessThere(this.#fs, tenantPath);
        return await this.#fs.mkdir(path);
      } catch (error) {
        if (tenantPath && isErrno(error, "ENOENT", "ENODEV") && attempt < ATTEMPTS) continue;
        // What stands in the way is what counts.
        if (tenantPath) await removeTenant(this.#fs, tenantPath).catch(() => {});
        if (isErrno(error, "EEXIST")) {
          throw new BerthError("host.limits", `there is a group ${path} already`, { cause: error });
        }
        throw translateRefusal(error, `the group ${path} can't be made`);
      }
    }
  }

  /** Hands controllers on to a tenant's VMs, and limits all of them together. */
  async #prepareTenant(path: string, limits: Limits): Promise<void> {
    // Controllers reach one level only: each level hands on what it has.
    for (const name of this.#enabled) {
      try {
        await this.#fs.write(joinPath(path, "cgroup.subtree_control"), `+${name}`);
      } catch (error) {
        throw translateRefusal(error, `${path} does not hand on ${name}`);
      }
    }
    if (await checkLimits(this.#fs, path, limits).then(() => true, () => false)) return;
    // Another limit than its other VMs came with. Below what they use, it would end one of them.
    await expectMemoryFits(this.#fs, path, limits, "the tenant's VMs use");
    await applyLimits(this.#fs, path, limits);
  }

  async endAbandoned(hostPath: string): Promise<void> {
    const path = hostPath.slice(this.#hostRoot.length + 1);
    // Whatever stands in a record, nothing but a VM's group is ended.
    if (!hostPath.startsWith(`${this.#hostRoot}/`) || !/^(tenant-[^/]+\/)?vm-[^/]+$/.test(path)) {
      throw new BerthError("host.limits", `the cgroup ${hostPath} is out of reach`);
    }
    await removeGroup(this.#fs, path, path.slice(0, Math.max(0, path.lastIndexOf("/"))));
  }

  // Nothing is undone: another berth, now or later, finds the leaf and the controllers as they must be.
  async [Symbol.asyncDispose](): Promise<void> {}
}

async function makeUnlessThere(fs: CgroupFs, path: string): Promise<void> {
  await fs.mkdir(path).catch((error) => {
    if (!isErrno(error, "EEXIST")) throw error;
  });
}

/** Removes a tenant's group, if it is nobody's any more. */
async function removeTenant(fs: CgroupFs, path: string): Promise<void> {
  await fs.rmdir(path).catch((error) => {
    // It has another VM, or is gone.
    if (!isErrno(error, "EBUSY", "ENOTEMPTY", "ENOENT", "ENODEV")) throw error;
  });
}

/** A VM is all or nothing: without its VMM's other threads it would hang instead of end. */
async function endAsAWhole(fs: CgroupFs, path: string): Promise<void> {
  const file = joinPath(path, "memory.oom.group");
  try {
    await fs.write(file, "1");
  } catch (error) {
    throw translateRefusal(error, `${file} can't be set to 1`);
  }
  const content = await fs.read(file);
  if (content !== "1") {
    throw new BerthError("host.limits", `${file} should be 1, and the kernel has made it ${content}`);
  }
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
    await removeGroup(this.#fs, this.#place.path, this.#place.tenantPath);
  }
}

/** Removes a VM's group, and its tenant's with the last one. */
async function removeGroup(fs: CgroupFs, path: string, tenantPath: string): Promise<void> {
  await endGroup(fs, path);
  if (tenantPath) await removeTenant(fs, tenantPath);
}
