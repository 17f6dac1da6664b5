/**
 * The VM of the test host: its QEMU command line (pure) and one boot of it.
 *
 * @module
 */
import { type Child, startChild } from "../../lib/process/child.ts";
import { planOwned } from "./child.ts";

/** The files of one boot. */
export interface VmFiles {
  readonly kernel: string;
  /** Never written: the guest gets a snapshot. */
  readonly rootImage: string;
  readonly payloadImage: string;
  /** Raw room for a tar. */
  readonly resultsImage: string;
  /** ttyS0, appended by QEMU. */
  readonly consoleLog: string;
  /** ttyS2, appended by QEMU. */
  readonly statusFile: string;
}

/** The root disk is NVMe, which Debian's cloud kernel has built in: so no initramfs is needed. */
const KERNEL_ARGUMENTS = [
  "root=/dev/nvme0n1",
  "rootfstype=ext4",
  "rootflags=noinit_itable",
  "rw",
  "console=ttyS0",
  "systemd.unified_cgroup_hierarchy=1",
  // Emulated cores drift, and the kernel would fall back to the slow hpet.
  "tsc=reliable",
  // Reboot at once, which -no-reboot turns into QEMU's end.
  "panic=-1",
  "systemd.getty_auto=0",
];

function planDisk(id: string, file: string, device: string, more = ""): string[] {
  // unsafe: no disk of ours outlives the run, so nothing is worth an fsync.
  const drive = `file=${file.replaceAll(",", ",,")},format=raw,if=none,id=${id},cache=unsafe${more}`;
  return ["-drive", drive, "-device", `${device},drive=${id},serial=${id}`];
}

/**
 * QEMU's arguments.
 *
 * TCG's `max` CPU has SVM, so KVM works inside, whatever this machine can do.
 */
export function planQemuArguments(files: VmFiles): string[] {
  const serialFile = (file: string) => ["-serial", `file:${file}`];
  return [
    ...["-M", "q35", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"],
    ...["-smp", "2", "-m", "4096", "-nodefaults", "-nic", "none", "-display", "none", "-no-reboot"],
    ...["-kernel", files.kernel, "-append", KERNEL_ARGUMENTS.join(" ")],
    ...planDisk("root", files.rootImage, "nvme", ",snapshot=on"),
    ...planDisk("payload", files.payloadImage, "virtio-blk-pci"),
    ...planDisk("results", files.resultsImage, "virtio-blk-pci"),
    ...serialFile(files.consoleLog),
    ...["-serial", "stdio"],
    ...serialFile(files.statusFile),
  ];
}

/**
 * Boots the VM. Its standard output is ttyS1, its standard error QEMU's own words.
 *
 * @param tmpFolder where QEMU keeps the snapshot, unlinked but there
 */
export function bootVm(files: VmFiles, tmpFolder: string): Child {
  const owned = planOwned(["qemu-system-x86_64", ...planQemuArguments(files)]);
  const env = { TMPDIR: tmpFolder };
  return startChild<string>({ ...owned, env, graceMs: 5_000, stdout: "piped", stderr: "piped" });
}
