/**
 * The plan of a VM at its launch: as it was planned, with what its host has shown since. Pure.
 *
 * @module
 */

import type { VmPlan } from "../vmm/vmm.ts";

/** Facts of the files that a VMM uses. */
export interface FileFacts {
  /** Longest that a file of its may become: as long as its longest disk, or the host's. */
  readonly fileBytes: number;
  /** Copies of what it may not read itself, by the path of the original. */
  readonly copies: ReadonlyMap<string, string>;
  /** Groups of the host that own devices which it needs, where they can't be given to its user. */
  readonly groups?: readonly number[];
}

/** Facts that are not there before the machine's folder, disks and group are. */
export interface LaunchFacts extends FileFacts {
  /** Folder of the cgroup that the VMM is born in. */
  readonly cgroup?: string;
}

/** The plan that is launched. */
export function planLaunchedVm(vm: VmPlan, { cgroup, fileBytes, copies, groups }: LaunchFacts): VmPlan {
  const { rlimits, ...rest } = vm;
  const place = (path: string) => copies.get(path) ?? path;
  return {
    ...rest,
    // The limits of last resort are for a VMM that has no group.
    ...(cgroup === undefined && rlimits ? { rlimits } : {}),
    kernel: place(vm.kernel),
    initrd: place(vm.initrd),
    disks: vm.disks.map((disk) => ({ ...disk, path: place(disk.path) })),
    fileBytes,
    ...(vm.jail && groups ? { jail: { ...vm.jail, groups } } : {}),
    ...(cgroup === undefined ? {} : { cgroup }),
  };
}
