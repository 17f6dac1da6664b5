/**
 * The way of a VMM into its group, its limits and its jail, whichever VMM it is. Pure.
 *
 * @module
 */

import { nodeWindow } from "../host/windows.ts";
import type { JailPlan } from "../process/jail.ts";
import { planLaunch } from "../process/launch.ts";
import type { Command } from "../process/tie_to_parent.ts";
import type { VmJail, VmmTraits, VmPlan } from "./vmm.ts";

/** The device nodes of the host that a VM's VMM opens: its own, and what the VM was given. */
export function devicesOf(
  { accelerator, devices }: Pick<VmPlan, "accelerator" | "devices">,
  vmm: Pick<VmmTraits, "devices">,
): string[] {
  return [...new Set([...vmm.devices(accelerator), ...devices])];
}

/** What a VMM may see and do in its jail: its VM's images, folder and devices, and the sockets that it dials into. */
export function planVmJail(plan: VmPlan, jail: VmJail, vmm: Pick<VmmTraits, "devices" | "sockets">): JailPlan {
  // A guest that goes on from a state has booted.
  const boot = plan.state === undefined ? [plan.kernel, plan.initrd] : [];
  const images = [...boot, ...plan.disks.filter(({ readOnly }) => readOnly).map(({ path }) => path)];
  return {
    readOnly: images,
    writable: [plan.folder, ...vmm.sockets],
    devices: devicesOf(plan, vmm).map((path) => [nodeWindow(path), path]),
    cwd: plan.folder,
    ...jail,
  };
}

/** The command line by which a VMM comes to life. @param argv the VMM's own. */
export function planVmLaunch(
  plan: VmPlan,
  argv: readonly string[],
  vmm: Pick<VmmTraits, "devices" | "sockets">,
): Command {
  const { cgroup, rlimits, fileBytes } = plan;
  const jail = plan.jail && planVmJail(plan, plan.jail, vmm);
  return planLaunch({ cgroup, rlimits, fileBytes, input: plan.state, jail, argv });
}
