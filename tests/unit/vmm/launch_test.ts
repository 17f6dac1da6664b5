// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { planLaunch } from "../../../lib/process/launch.ts";
import { devicesOf, planVmJail, planVmLaunch } from "../../../lib/vmm/launch.ts";
import type { Accelerator, VmPlan } from "../../../lib/vmm/vmm.ts";

const VMM = {
  sockets: ["/run/berth/self/a.sock", "/run/berth/self/b.sock"],
  devices: (accelerator: Accelerator) => accelerator === "kvm" ? ["/dev/kvm", "/dev/net/tun"] : [],
};

const PLAN: VmPlan = {
  ...{ name: "x", nonce: "n", accelerator: "tcg", memoryMiB: 256, vcpus: 1, bootArgs: [] },
  ...{ kernel: "/store/k", initrd: "/other/i", folder: "/jobs/x", identity: true, stdin: false, devices: [] },
  disks: [
    { serial: "root", path: "/store/r", readOnly: true },
    { serial: "workspace", path: "/jobs/x/w.ext4", readOnly: false },
  ],
};
const JAIL = { filter: "/filter", user: 200_000 };

Deno.test("devicesOf() has the VMM's own devices and the VM's, each once", () => {
  const devices = ["/dev/vfio/7", "/dev/kvm"];
  assertEquals(devicesOf({ accelerator: "kvm", devices }, VMM), ["/dev/kvm", "/dev/net/tun", "/dev/vfio/7"]);
  assertEquals(devicesOf({ accelerator: "tcg", devices: [] }, VMM), []);
});

Deno.test("planVmJail() shows the images read-only, and writable nothing but the job's folder and the sockets", () => {
  assertEquals(planVmJail(PLAN, JAIL, VMM), {
    readOnly: ["/store/k", "/other/i", "/store/r"],
    writable: ["/jobs/x", ...VMM.sockets],
    devices: [],
    cwd: "/jobs/x",
    filter: "/filter",
    user: 200_000,
  });
});

Deno.test("planVmJail() shows each device's window under the device's name", () => {
  const { devices } = planVmJail({ ...PLAN, accelerator: "kvm", devices: ["/dev/vfio/7"] }, JAIL, VMM);
  const place = "/run/berth/self/nodes/dev";
  assertEquals(devices, [
    ...[[`${place}/kvm`, "/dev/kvm"], [`${place}/net/tun`, "/dev/net/tun"], [
      `${place}/vfio/7`,
      "/dev/vfio/7",
    ]] as const,
  ]);
});

Deno.test("planVmLaunch() launches a VMM with all that its plan has, and no jail where that has none", () => {
  const rlimits = { addressSpaceBytes: 2 ** 30, cpuSeconds: 60 };
  const given = { rlimits, cgroup: "/cg", fileBytes: 512 };
  const argv = ["vmm", "-x"];
  assertEquals(planVmLaunch({ ...PLAN, ...given }, argv, VMM), planLaunch({ ...given, argv }));
  const jailed = planVmLaunch({ ...PLAN, ...given, jail: JAIL }, argv, VMM);
  assertEquals(jailed, planLaunch({ ...given, argv, jail: planVmJail(PLAN, JAIL, VMM) }));
});

Deno.test("planVmLaunch() gives a VMM the state that its guest goes on from, and its jail no way to that, nor to a kernel", () => {
  const plan = { ...PLAN, state: "/templates/k.state", jail: JAIL };
  const argv = ["vmm"];
  const { readOnly, ...jail } = planVmJail(PLAN, JAIL, VMM);
  const disks = readOnly!.filter((path) => path !== PLAN.kernel && path !== PLAN.initrd);
  assertEquals(readOnly!.length - disks.length, 2);
  assertEquals(
    planVmLaunch(plan, argv, VMM),
    planLaunch({ argv, input: "/templates/k.state", jail: { ...jail, readOnly: disks } }),
  );
});
