/**
 * The driver that makes groups itself, in a part of the tree that was given to berth.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { applyLimits, checkLimits, expectMemoryFits, readLimits, translateRefusal, updateLimits } from "./apply.ts";
import { type CgroupFs, isErrno, joinPath } from "./cgroup_fs.ts";
import type { Driver, Group, GroupRequest, OrphanGroup, Unenforceable } from "./driver.ts";
import { type Controller, CONTROLLER_OF, FILE_OF, type LimitName, type Limits, limitsIn } from "./limits.ts";
import { endOrphanGroup } from "./orphan.ts";
import { groupName, vmLabel } from "./names.ts";
import { findLacking, removeIfEmpty, sweepEmpty } from "./probe.ts";
import { endGroup } from "./removal.ts";
import { type ParentOptions, prepareParent } from "./supervisor.ts";
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
export async function openCgroupfs(fs: CgroupFs, hostRoot = fs.root, options: ParentOptions = {}): Promise<Driver> {
  const controllers = await prepareParent(fs, "", hostRoot, options);
  await sweepEmpty(fs);
  return new CgroupfsDriver(fs, hostRoot, { controllers, lacking: await findLacking(fs, hostRoot) });
}

/** What opening has found. */
interface Opened {
  /** Those that are enabled for groups. */
  readonly controllers: readonly Controller[];
  readonly lacking: readonly LimitName[];
}

class CgroupfsDriver implements Driver {
  readonly name = "cgroupfs";
  readonly #fs: CgroupFs;
  readonly #hostRoot: string;
  readonly #enabled: readonly Controller[];
  readonly #lacking: readonly LimitName[];

  constructor(fs: CgroupFs, hostRoot: string, { controllers, lacking }: Opened) {
    this.#fs = fs;
    this.#hostRoot = hostRoot;
    this.#enabled = controllers;
    this.#lacking = lacking;
  }

  unenforceable(limits: Limits): Unenforceable[] {
    return limitsIn(limits).filter((limit) => this.#lacking.includes(limit)).map((limit) => ({
      limit,
      reason: this.#enabled.includes(CONTROLLER_OF[limit])
        ? `this kernel has no ${FILE_OF[limit]}`
        : `${this.#hostRoot} has no ${CONTROLLER_OF[limit]} controller`,
    }));
  }

  plannedPath(request: Pick<GroupRequest, "id" | "name" | "tenant">): string {
    return `${this.#hostRoot}/${pathsOf(request).path}`;
  }

  async createGroup(request: GroupRequest): Promise<Group> {
    const { tenant, limits } = request;
    const { path, tenantPath } = pathsOf(request);
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
        if (tenantPath) await removeIfEmpty(this.#fs, tenantPath).catch(() => {});
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

  async endOrphan(group: OrphanGroup): Promise<boolean> {
    return await endOrphanGroup(this.#fs, this.#hostRoot, group);
  }

  // Nothing is undone: another berth, now or later, finds the leaf and the controllers as they must be.
  async [Symbol.asyncDispose](): Promise<void> {}
}

function pathsOf(request: Pick<GroupRequest, "id" | "name" | "tenant">): { path: string; tenantPath: string } {
  const { id, name, tenant } = request;
  const tenantPath = tenant ? groupName("tenant", tenant.name) : "";
  return { path: joinPath(tenantPath, `vm-${vmLabel(id, name)}`), tenantPath };
}

async function makeUnlessThere(fs: CgroupFs, path: string): Promise<void> {
  await fs.mkdir(path).catch((error) => {
    if (!isErrno(error, "EEXIST")) throw error;
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

  async update(limits: Limits): Promise<void> {
    await updateLimits(this.#fs, this.#place.path, limits);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { path, tenantPath } = this.#place;
    await endGroup(this.#fs, path);
    // With its last VM.
    if (tenantPath) await removeIfEmpty(this.#fs, tenantPath);
  }
}
