/**
 * QEMU's command line. Pure.
 *
 * @module
 */

import { AGENT_SOCKET, QMP_SOCKET } from "../../host/windows.ts";
import { INPUT_FD } from "../../process/launch.ts";
import { besideRoot, type Disk, laneFiles, VM_FILES, type VmPlan } from "../vmm.ts";

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
    ...(plan.state === undefined ? kernel(plan) : []),
    ...[
      "-chardev",
      `file,id=serial,append=on,path=${escape(`${plan.folder}/${VM_FILES.serial}`)}`,
      "-serial",
      "chardev:serial",
    ],
    ...["-chardev", `socket,id=qmp,path=${QMP_SOCKET},reconnect=1`, "-mon", "chardev=qmp,mode=control"],
    ...ports(plan),
    ...disks(plan),
    ...(plan.state === undefined ? [] : ["-incoming", "defer"]),
  ];
}

/** Where QEMU reads the state that it goes on from. */
export const STATE_URI = `fd:${INPUT_FD}`;

/**
 * The arguments without what may be another VM's own: names, paths of the job's folder, and what is behind the disks that
 * the guest has not read when its state is saved. The machine's devices, their order and their options are what they are.
 */
export function planShape(plan: VmPlan): string[] {
  const disks = plan.disks.flatMap((one) => one.role === undefined ? [] : [one.role === "root" ? one : SCRATCH]);
  const { lanes, slots = plan.disks.length } = plan;
  const own = { name: "", nonce: "", folder: "", identity: false, stdin: false, state: undefined };
  return planQemu({ ...plan, ...own, disks, slots, lanes });
}

const SCRATCH: Disk = { serial: "scratch", path: "", readOnly: false, role: "scratch" };

function accelerator(plan: VmPlan): string[] {
  if (plan.accelerator === "kvm") return ["-accel", "kvm", "-cpu", plan.cpu ?? "host"];
  return ["-accel", `tcg,thread=multi,tb-size=${TCG_CACHE_MIB}`, "-cpu", plan.cpu ?? "max"];
}

/** A guest that goes on from a state has booted: QEMU would read both into memory of its own for nothing. */
function kernel(plan: VmPlan): string[] {
  return ["-kernel", plan.kernel, "-initrd", plan.initrd, "-append", kernelCommandLine(plan)];
}

function kernelCommandLine(plan: VmPlan): string {
  return [
    `console=${plan.console ?? "ttyS0"}`,
    "quiet",
    // A kernel that panics resets at once, and a reset ends QEMU.
    "panic=-1",
    "reboot=t",
    `berth.nonce=${plan.nonce}`,
    ...plan.disks.flatMap(({ role }) => role === undefined ? [] : [`berth.${role}=yes`]),
    ...(plan.lanes === undefined ? [] : [`berth.lanes=${plan.lanes}`]),
    // Last, because they may end in arguments for init.
    ...plan.bootArgs,
  ].join(" ");
}

/** How many ports a virtio-serial device of QEMU's has room for when nobody says more. */
const USUAL_PORTS = 31;

/** The virtio ports that the agent looks for by name. */
function ports(plan: VmPlan): string[] {
  const port = (id: string, chardev: string) => [
    ...["-chardev", `${chardev},id=${id}`],
    ...["-device", `virtserialport,chardev=${id},name=berth.${id}`],
  ];
  const output = (id: string, lane: number, name: string) => port(lane === 0 ? id : `${id}.${lane}`, file(name));
  const file = (name: string) => `file,append=on,path=${escape(`${plan.folder}/${name}`)}`;
  // Two a lane, those beside them, and one that the guest keeps for consoles.
  const wanted = 2 * (plan.lanes ?? 1) + 4;
  const most = wanted > USUAL_PORTS ? `,max_ports=${wanted}` : "";
  return [
    // Where a kernel tells that it panics.
    ...["-device", "pvpanic"],
    ...["-device", `virtio-serial-device${most}`],
    ...port("agent", `socket,path=${AGENT_SOCKET},reconnect=1`),
    ...laneFiles(plan).flatMap(({ stdout, stderr }, lane) => [
      ...output("out", lane, stdout),
      ...output("err", lane, stderr),
    ]),
    ...port("stdin", plan.stdin ? `socket,path=${AGENT_SOCKET}` : "null"),
    ...port("artifacts", file(VM_FILES.artifacts)),
  ];
}

/** In the order that the guest tells them by, until it knows them; see its devices.sh. */
function disks({ disks, slots = 0, folder, identity }: VmPlan): string[] {
  const [roots, others] = [disks.filter(({ role }) => role === "root"), besideRoot(disks)];
  const told = { serial: "identity", path: `${folder}/${VM_FILES.identity}`, readOnly: true };
  return [
    ...roots.flatMap(disk),
    ...(identity ? disk(told) : emptySlot("identity")),
    ...others.flatMap(disk),
    ...Array.from({ length: Math.max(0, slots - others.length) }, (_, index) => emptySlot(`slot${index}`)).flat(),
  ];
}

/** A disk whose guest has not read it yet can be another one, of another size, in a VM that goes on from its state. */
function emptySlot(id: string): string[] {
  return ["-drive", `if=none,id=${id},driver=null-co,size=1M,read-zeroes=on`, ...device(id)];
}

function device(serial: string): string[] {
  return ["-device", `virtio-blk-device,drive=${serial},serial=${serial}`];
}

function disk({ serial, path, readOnly }: Disk): string[] {
  const options = [
    ...["if=none", "format=raw", `id=${serial}`, `file=${escape(path)}`],
    // What is only read is held by berth's own lock; QEMU's would be in the hands of every other VMM that has the file.
    // A disk that is written belongs to one job and goes with it, so nothing of it needs to reach the platter.
    // What becomes free in it becomes free on the host, where the guest says so.
    ...(readOnly ? ["readonly=on", "file.locking=off"] : ["cache=unsafe", "discard=unmap"]),
  ];
  return ["-drive", options.join(","), ...device(serial)];
}

/** In QEMU's option strings a comma is doubled. */
function escape(path: string): string {
  return path.replaceAll(",", ",,");
}
