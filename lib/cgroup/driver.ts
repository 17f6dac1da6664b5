/**
 * What makes groups for VMs: a driver. `cgroupfs` makes them itself in a tree that was given to berth, `systemd` has
 * systemd make a scope around each one.
 *
 * @module
 */

import type { LimitName, Limits } from "./limits.ts";
import type { GroupUsage } from "./usage.ts";

export type DriverName = "cgroupfs" | "systemd";

/** Whose VM it is. All VMs of a tenant are in one group, which may have limits for all of them together. */
export interface Tenant {
  readonly name: string;
  readonly limits: Limits;
}

/** The group that a VM is to have. */
export interface GroupRequest {
  /** Unique on this host. */
  readonly id: string;
  readonly tenant?: Tenant;
  readonly limits: Limits;
}

/** A limit that can't be enforced here, and why. */
export interface Unenforceable {
  readonly limit: LimitName;
  readonly reason: string;
}

/** A VM's group, with its limits in force. Disposing kills everything in it and removes it. */
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
}

/** Makes groups. */
export interface Driver extends AsyncDisposable {
  readonly name: DriverName;
  /** Which of these limits this host can't enforce. */
  unenforceable(limits: Limits): Unenforceable[];
  createGroup(request: GroupRequest): Promise<Group>;
  /** Ends and removes a group of this driver's whose owner was killed. @param hostPath its {@linkcode Group.hostPath}. */
  endAbandoned(hostPath: string): Promise<void>;
}
