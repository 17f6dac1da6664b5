/**
 * What makes groups for VMs: a driver. `cgroupfs` makes them itself in a tree that was given to berth, `systemd` has
 * systemd make a scope around each one.
 *
 * @module
 */

import type { LimitName, Limits } from "./limits.ts";
import type { GroupUsage } from "./usage.ts";

/** Name of a driver, as `--cgroup-driver` has it. */
export type DriverName = "cgroupfs" | "systemd";

/** Tenant whose VM it is. All VMs of a tenant are in one group, which may have limits for all of them together. */
export interface Tenant {
  readonly name: string;
  readonly limits: Limits;
}

/** Group that a VM is to have. */
export interface GroupRequest {
  /** Unique on this host. */
  readonly id: string;
  /** What its job is called, for those who look at the tree. */
  readonly name?: string;
  readonly tenant?: Tenant;
  readonly limits: Limits;
}

/** Limit that can't be enforced here, and why. */
export interface Unenforceable {
  readonly limit: LimitName;
  readonly reason: string;
}

/** Group of a VM, with its limits in force. Disposing kills everything in it and removes it. */
export interface Group extends AsyncDisposable {
  /** The absolute path of the folder that the VMM joins, as this process and its children see it. */
  readonly path: string;
  /** The absolute path of the folder that has the limits, as the host sees it. */
  readonly hostPath: string;
  /** The unit of systemd, when that is the driver. */
  readonly unit?: string;
  /** The limits that are in force now, read from the kernel: those that were asked for, with their present values. */
  readLimits(): Promise<Limits>;
  readUsage(): Promise<GroupUsage>;
  /** Changes limits of the group while it is in use: all of these, or none. @throws {BerthError} `host.limits`. */
  update(limits: Limits): Promise<void>;
}

/** Group whose owner is gone. */
export interface OrphanGroup {
  /** Its {@linkcode Group.hostPath}. */
  readonly cgroup: string;
  /** Whether its owner is known to have made it. If not, nothing of berth's has ever run in it. */
  readonly isMade: boolean;
}

/** Remover of the groups of killed berths. */
export interface GroupRemover {
  /** Removes what killed berths have only tried. Resolves to the groups that went, as the host sees them. */
  sweep(): Promise<string[]>;
  /** Ends and removes a VM's group whose owner is gone. Resolves to whether it was there. */
  endOrphan(group: OrphanGroup): Promise<boolean>;
}

/** Maker of groups. */
export interface Driver extends AsyncDisposable {
  readonly name: DriverName;
  /** Which of these limits this host can't enforce. */
  unenforceable(limits: Limits): Unenforceable[];
  createGroup(request: GroupRequest): Promise<Group>;
  /** The {@linkcode Group.hostPath} that a group will have. Absent: its groups end with their owners by themselves. */
  plannedPath?(request: Pick<GroupRequest, "id" | "name" | "tenant">): string;
  /** Ends and removes a group of this driver's whose owner is gone. Resolves to whether it was there. */
  endOrphan?(group: OrphanGroup): Promise<boolean>;
}

/** Means of containment of VMs' groups here. */
export interface Containment {
  readonly driver: "cgroupfs" | "systemd";
  /** The host's path of the group, or of the slice, that they are made in. */
  readonly place: string;
  readonly controllers: readonly string[];
  /** Files of limits that the kernel lacks, though their controller is there. */
  readonly lacking: readonly string[];
  /** Whether access to devices is limited; undefined where that is not the driver's to do. */
  readonly enforcesDevices?: boolean;
}
