// @ts-types="../../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { planQemu } from "../../../../lib/vmm/qemu/args.ts";
import { planQemuJail } from "../../../../lib/vmm/qemu/runner.ts";
import type { VmPlan } from "../../../../lib/vmm/vmm.ts";

const PLAN: VmPlan = {
  name: "0123456789ab",
  token: "0123456789abcdefghjkmnpqrs",
  accelerator: "tcg",
  memoryMiB: 512,
  vcpus: 2,
  kernel: "/store/k.kernel",
  initrd: "/store/i.initramfs",
  bootArgs: ["tsc=reliable"],
  disks: [],
  folder: "/jobs/x",
  stdin: false,
  artifacts: false,
  devices: [],
};

Deno.test("planQemu() is this command line", () => {
  assertEquals(planQemu(PLAN), [
    "qemu-system-x86_64",
    ...["-name", "0123456789ab"],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
    ...["-machine", "microvm,rtc=on"],
    ...["-accel", "tcg,thread=multi,tb-size=128", "-cpu", "max"],
    ...["-m", "512M", "-smp", "2"],
    ...["-kernel", "/store/k.kernel", "-initrd", "/store/i.initramfs"],
    "-append",
    "console=ttyS0 quiet panic=-1 reboot=t berth.token=0123456789abcdefghjkmnpqrs berth.disks= tsc=reliable",
    ...["-chardev", "file,id=serial,append=on,path=/jobs/x/serial.log", "-serial", "chardev:serial"],
    ...["-chardev", "socket,id=qmp,path=/run/berth/self/qmp.sock,reconnect=1", "-mon", "chardev=qmp,mode=control"],
    ...["-device", "pvpanic"],
    ...["-device", "virtio-serial-device"],
    ...["-chardev", "socket,path=/run/berth/self/agent.sock,reconnect=1,id=agent"],
    ...["-device", "virtserialport,chardev=agent,name=berth.agent"],
    ...["-chardev", "file,append=on,path=/jobs/x/out,id=out", "-device", "virtserialport,chardev=out,name=berth.out"],
    ...["-chardev", "file,append=on,path=/jobs/x/err,id=err", "-device", "virtserialport,chardev=err,name=berth.err"],
  ]);
});

/** The arguments that a change of the plan adds, in their order. */
function added(change: Partial<VmPlan>): string[] {
  const before = planQemu(PLAN);
  return planQemu({ ...PLAN, ...change }).filter((argument) => !before.includes(argument));
}

Deno.test("planQemu() gives disks their serials, which the agent finds them by", () => {
  const disks = [
    { serial: "root", path: "/store/r,1.squashfs", readOnly: true },
    { serial: "workspace", path: "/jobs/x/w.ext4", readOnly: false },
  ];
  const [append, ...rest] = added({ disks });
  assertEquals(append.split(" ").at(-2), "berth.disks=root,workspace");
  assertEquals(rest, [
    ...["-drive", "if=none,format=raw,id=root,file=/store/r,,1.squashfs,readonly=on,file.locking=off"],
    "virtio-blk-device,drive=root,serial=root",
    ...["-drive", "if=none,format=raw,id=workspace,file=/jobs/x/w.ext4,cache=unsafe,discard=unmap"],
    "virtio-blk-device,drive=workspace,serial=workspace",
  ]);
});

Deno.test("planQemu() opens ports for stdin and artifacts only where they are wanted", () => {
  assertEquals(added({ stdin: true }), [
    ...["socket,path=/run/berth/self/agent.sock,id=stdin", "virtserialport,chardev=stdin,name=berth.stdin"],
  ]);
  assertEquals(added({ artifacts: true }), [
    ...[
      "file,append=on,path=/jobs/x/artifacts.tar,id=artifacts",
      "virtserialport,chardev=artifacts,name=berth.artifacts",
    ],
  ]);
});

Deno.test("planQemu() runs on KVM with the host's processor", () => {
  assertEquals(added({ accelerator: "kvm" }), ["kvm", "host"]);
});

Deno.test("planQemu() takes what an image may choose", () => {
  const [cpu, append] = added({ cpu: "qemu64", console: "hvc0" });
  assertEquals([cpu, append.split(" ")[0]], ["qemu64", "console=hvc0"]);
});

Deno.test("planQemu() doubles commas in paths, as QEMU's options want", () => {
  const paths = added({ folder: "/a,b" }).filter((argument) => argument.includes("path="));
  assertEquals(paths.length, 3);
  for (const argument of paths) assert(argument.includes("path=/a,,b/"), argument);
});

Deno.test("planQemuJail() shows the images read-only, and writable nothing but the job's folder and the sockets", () => {
  const disks = [
    { serial: "root", path: "/store/r", readOnly: true },
    { serial: "workspace", path: "/jobs/x/w.ext4", readOnly: false },
  ];
  const jail = { filter: "/filter", user: 200_000 };
  assertEquals(planQemuJail({ ...PLAN, disks, initrd: "/other/i" }, jail), {
    readOnly: [PLAN.kernel, "/other/i", "/store/r"],
    writable: ["/jobs/x", "/run/berth/self/qmp.sock", "/run/berth/self/agent.sock"],
    devices: [],
    cwd: "/jobs/x",
    filter: "/filter",
    user: 200_000,
  });
  const { devices } = planQemuJail({ ...PLAN, accelerator: "kvm", devices: ["/dev/vfio/7"] }, jail);
  const place = "/run/berth/self/nodes/dev";
  assertEquals(devices, [[`${place}/kvm`, "/dev/kvm"], [`${place}/vfio/7`, "/dev/vfio/7"]]);
});
