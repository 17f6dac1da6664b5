/**
 * QEMU's command line. Pure.
 *
 * @module
 */

import { AGENT_SOCKET, QMP_SOCKET } from "../../host/windows.ts";
import { type Disk, VM_FILES, type VmPlan } from "../vmm.ts";

/** The program, for the one architecture there is so far. */
export const QEMU = "qemu-system-x86_64";

/**
 * TCG's cache of translated code. QEMU's default is 1 GiB, which is most of a small host's memory; 128 MiB holds a
 * kernel and a compiler.
 */
export const TCG_CACHE_MIB = 128;

/** The arguments of one VM. */
export function planQemu(plan: VmPlan): string[] {
  return [
    QEMU,
    // A guest= name can't be anything that QEMU would parse: ids have letters and digits only.
    ...["-name", plan.name],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
    // The guest's clock starts at the host's time.
    ...["-machine", "microvm,rtc=on"],
    ...accelerator(plan),
    ...["-m", `${plan.memoryMiB}M`, "-smp", String(plan.vcpus)],
    ...["-kernel", plan.kernel, "-initrd", plan.initrd, "-append", kernelCommandLine(plan)],
    ...[
      "-chardev",
      `file,id=serial,append=on,path=${escape(`${plan.folder}/${VM_FILES.serial}`)}`,
      "-serial",
      "chardev:serial",
    ],
    ...["-chardev", `socket,id=qmp,path=${QMP_SOCKET},reconnect=1`, "-mon", "chardev=qmp,mode=control"],
    ...ports(plan),
    ...plan.disks.flatMap(disk),
  ];
}

function accelerator(plan: VmPlan): string[] {
  if (plan.accelerator === "kvm") return ["-accel", "kvm", "-cpu", plan.cpu ?? "host"];
  return ["-accel", `tcg,thread=multi,tb-size=${TCG_CACHE_MIB}`, "-cpu", plan.cpu ?? "max"];
}

function kernelCommandLine(plan: VmPlan): string {
  return [
    `console=${plan.console ?? "ttyS0"}`,
    "quiet",
    // A kernel that panics resets at once, and a reset ends QEMU.
    "panic=-1",
    "reboot=t",
    `berth.token=${plan.token}`,
    `berth.disks=${plan.disks.map(({ serial }) => serial).join(",")}`,
    // Last, because they may end in arguments for init.
    ...plan.bootArgs,
  ].join(" ");
}

/** The virtio ports that the agent looks for by name. */
function ports(plan: VmPlan): string[] {
  const port = (id: string, chardev: string) => [
    ...["-chardev", `${chardev},id=${id}`],
    ...["-device", `virtserialport,chardev=${id},name=berth.${id}`],
  ];
  const file = (name: string) => `file,append=on,path=${escape(`${plan.folder}/${name}`)}`;
  return [
    // Where a kernel tells that it panics.
    ...["-device", "pvpanic"],
    ...["-device", "virtio-serial-device"],
    ...port("agent", `socket,path=${AGENT_SOCKET},reconnect=1`),
    ...port("out", file(VM_FILES.stdout)),
    ...port("err", file(VM_FILES.stderr)),
    ...(plan.stdin ? port("stdin", `socket,path=${AGENT_SOCKET}`) : []),
    ...(plan.artifacts ? port("artifacts", file(VM_FILES.artifacts)) : []),
  ];
}

function disk({ serial, path, readOnly }: Disk): string[] {
  const options = [
    ...["if=none", "format=raw", `id=${serial}`, `file=${escape(path)}`],
    // What is only read is held by berth's own lock; QEMU's would be in the hands of every other VMM that has the file.
    // A disk that is written belongs to one job and goes with it, so nothing of it needs to reach the platter.
    // What becomes free in it becomes free on the host, where the guest says so.
    ...(readOnly ? ["readonly=on", "file.locking=off"] : ["cache=unsafe", "discard=unmap"]),
  ];
  return ["-drive", options.join(","), "-device", `virtio-blk-device,drive=${serial},serial=${serial}`];
}

/** In QEMU's option strings a comma is doubled. */
function escape(path: string): string {
  return path.replaceAll(",", ",,");
}
