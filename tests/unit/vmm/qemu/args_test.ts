// @ts-types="../../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { planQemu, planShape } from "../../../../lib/vmm/qemu/args.ts";
import type { VmPlan } from "../../../../lib/vmm/vmm.ts";

const PLAN: VmPlan = {
  name: "0123456789ab",
  nonce: "0123456789abcdefghjkmnpqrs",
  accelerator: "tcg",
  memoryMiB: 512,
  vcpus: 2,
  kernel: "/store/k.kernel",
  initrd: "/store/i.initramfs",
  bootArgs: ["tsc=reliable"],
  disks: [],
  folder: "/jobs/x",
  identity: true,
  stdin: false,
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
    "console=ttyS0 quiet panic=-1 reboot=t berth.nonce=0123456789abcdefghjkmnpqrs tsc=reliable",
    ...["-chardev", "file,id=serial,append=on,path=/jobs/x/serial.log", "-serial", "chardev:serial"],
    ...["-chardev", "socket,id=qmp,path=/run/berth/self/qmp.sock,reconnect=1", "-mon", "chardev=qmp,mode=control"],
    ...["-device", "pvpanic"],
    ...["-device", "virtio-serial-device"],
    ...["-chardev", "socket,path=/run/berth/self/agent.sock,reconnect=1,id=agent"],
    ...["-device", "virtserialport,chardev=agent,name=berth.agent"],
    ...["-chardev", "file,append=on,path=/jobs/x/out,id=out", "-device", "virtserialport,chardev=out,name=berth.out"],
    ...["-chardev", "file,append=on,path=/jobs/x/err,id=err", "-device", "virtserialport,chardev=err,name=berth.err"],
    ...["-chardev", "null,id=stdin", "-device", "virtserialport,chardev=stdin,name=berth.stdin"],
    ...["-chardev", "file,append=on,path=/jobs/x/artifacts.tar,id=artifacts"],
    ...["-device", "virtserialport,chardev=artifacts,name=berth.artifacts"],
    ...["-drive", "if=none,format=raw,id=identity,file=/jobs/x/identity,readonly=on,file.locking=off"],
    ...["-device", "virtio-blk-device,drive=identity,serial=identity"],
  ]);
});

/** The arguments that a change of the plan adds, in their order. */
function added(change: Partial<VmPlan>): string[] {
  const before = planQemu(PLAN);
  return planQemu({ ...PLAN, ...change }).filter((argument) => !before.includes(argument));
}

/** The serials of the disks, in their order. */
function serials(plan: VmPlan): (string | undefined)[] {
  const devices = planQemu(plan).filter((argument) => argument.startsWith("virtio-blk-device,"));
  return devices.map((device) => /,serial=(.*)$/.exec(device)?.[1]);
}

const ROOT = { serial: "root", role: "root", path: "/store/r,1.squashfs", readOnly: true } as const;
const SCRATCH = { serial: "scratch", role: "scratch", path: "/jobs/x/s.ext4", readOnly: false } as const;
const WORKSPACE = { serial: "workspace", path: "/jobs/x/w.ext4", readOnly: false };

Deno.test("planQemu() puts disks in the order that the guest tells them by, and gives them their serials", () => {
  const [append, ...rest] = added({ disks: [WORKSPACE, ROOT] });
  assertEquals(append.split(" ").at(-2), "berth.root=yes");
  assertEquals(rest, [
    ...["-drive", "if=none,format=raw,id=root,file=/store/r,,1.squashfs,readonly=on,file.locking=off"].slice(1),
    "virtio-blk-device,drive=root,serial=root",
    ...["-drive", "if=none,format=raw,id=workspace,file=/jobs/x/w.ext4,cache=unsafe,discard=unmap"].slice(1),
    "virtio-blk-device,drive=workspace,serial=workspace",
  ]);
  assertEquals(serials({ ...PLAN, disks: [WORKSPACE, ROOT, SCRATCH] }), ["root", "identity", "workspace", "scratch"]);
});

Deno.test("planQemu() fills the places that have no disk, and that of an identity that is not there", () => {
  assertEquals(added({ disks: [WORKSPACE], slots: 3 }).slice(2), [
    "if=none,id=slot0,driver=null-co,size=1M,read-zeroes=on",
    "virtio-blk-device,drive=slot0,serial=slot0",
    "if=none,id=slot1,driver=null-co,size=1M,read-zeroes=on",
    "virtio-blk-device,drive=slot1,serial=slot1",
  ]);
  assertEquals(added({ identity: false }), ["if=none,id=identity,driver=null-co,size=1M,read-zeroes=on"]);
});

Deno.test("planQemu() connects a job's input where there is one", () => {
  assertEquals(added({ stdin: true }), ["socket,path=/run/berth/self/agent.sock,id=stdin"]);
});

Deno.test("planQemu() waits for a saved state that it goes on from, and reads no kernel for it", () => {
  assertEquals(added({ state: "/store/k.state" }), ["-incoming", "defer"]);
  const args = planQemu({ ...PLAN, state: "/store/k.state" });
  assertEquals(args.filter((arg) => ["-kernel", "-initrd", "-append"].includes(arg)), []);
});

const FULL: VmPlan = { ...PLAN, disks: [ROOT, SCRATCH, WORKSPACE], slots: 4 };

Deno.test("planShape() is the same for all VMs that can go on from each other's state", () => {
  const others: Partial<VmPlan>[] = [
    ...[{ name: "ba9876543210" }, { nonce: "z".repeat(26) }, { folder: "/jobs/y" }, { identity: false }],
    ...[{ stdin: true }, { state: "/store/k.state" }, { cgroup: "/c" }, { jail: { filter: "/f" } }, { fileBytes: 1 }],
    { disks: [ROOT, { ...SCRATCH, path: "/jobs/y/s.ext4" }] },
    { disks: [ROOT, SCRATCH, WORKSPACE, { serial: "volume0", path: "/v", readOnly: true }] },
  ];
  for (const change of others) assertEquals(planShape({ ...FULL, ...change }), planShape(FULL), JSON.stringify(change));
});

Deno.test("planShape() is another one for whatever makes another guest", () => {
  const changes: Partial<VmPlan>[] = [
    ...[{ memoryMiB: 513 }, { vcpus: 3 }, { accelerator: "kvm" as const }, { cpu: "qemu64" }, { console: "hvc0" }],
    ...[{ kernel: "/store/l" }, { initrd: "/store/l" }, { bootArgs: [] }, { lanes: 2 }, { slots: 5 }],
    ...[{ disks: [ROOT] }, { disks: [SCRATCH] }, { disks: [{ ...ROOT, path: "/store/other" }, SCRATCH] }],
  ];
  const shapes = [FULL, ...changes.map((change) => ({ ...FULL, ...change }))].map((plan) => planShape(plan).join(" "));
  assertEquals(new Set(shapes).size, shapes.length);
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
  assertEquals(paths.length, 4);
  for (const argument of paths) assert(argument.includes("path=/a,,b/"), argument);
});
