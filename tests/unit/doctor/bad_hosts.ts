/**
 * Hosts that lack something, and what the doctor is to find on each.
 *
 * @module
 */

import { ERRORS } from "../../../lib/base/errors.ts";
import type { Difference } from "../../support/host/doctor_hosts.ts";

const KVM_FAILS = { value: { works: false, detail: "/dev/kvm is there, but QEMU ended with status 134" } };
const NONE = { value: null };
export const FAILS = { value: { works: false, detail: "it failed" } };
const SYSCTL = (setting: string) => `echo ${setting} >>/etc/sysctl.d/60-berth.conf && sysctl -w ${setting}`;
const UNIFIED = `sed -i 's/^GRUB_CMDLINE_LINUX="/&systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all /' ` +
  "/etc/default/grub && update-grub && reboot";
const ROOM = "berth gc && berth image prune --older 30d";
const obstacle = (code: keyof typeof ERRORS, unit?: { name: string; user: boolean }): Difference["tries"] => ({
  containment: { value: { code, message: "there is none", hint: ERRORS[code], unit } },
});
const containment = (change: object): Difference["tries"] => ({
  containment: {
    value: { driver: "cgroupfs", place: "/sys/fs/cgroup/ci", controllers: ALL, lacking: [], ...change },
  },
});
const ALL = ["cpu", "cpuset", "io", "memory", "pids"];
const NO_NODE = { kvm: { kvm: "missing", "kvm.owner": undefined, "kvm.number": undefined } };

/** What is different, and what is found then, as `STATUS ID: FIX`. */
export const BAD_HOSTS: [what: string, difference: Difference, expected: string[]][] = [
  ["no host process", { problem: "/s: this folder can't be created" }, ["fail host.process"]],
  ["another architecture", { facts: { host: { arch: "aarch64" } } }, ["fail host.arch"]],
  ["a processor without virtualization", {
    facts: { kvm: { ...NO_NODE.kvm, "cpu.svm": undefined } },
    tries: { kvm: NONE },
  }, ["warn kvm.cpu"]],
  ["no /dev/kvm", { facts: NO_NODE, tries: { kvm: NONE } }, [
    "warn kvm.node: modprobe kvm_amd && echo kvm_amd >/etc/modules-load.d/berth-kvm.conf",
  ]],
  ["no /dev/kvm on Intel", {
    facts: { kvm: { ...NO_NODE.kvm, "cpu.svm": undefined, "cpu.vmx": "yes" } },
    tries: { kvm: NONE },
  }, ["warn kvm.node: modprobe kvm_intel && echo kvm_intel >/etc/modules-load.d/berth-kvm.conf"]],
  ["another device as /dev/kvm", { facts: { kvm: { "kvm.number": "1:3" } }, tries: { kvm: KVM_FAILS } }, [
    "warn kvm.node: rm /dev/kvm && mknod -m 0660 /dev/kvm c 10 232 && chgrp kvm /dev/kvm",
  ]],
  ["/dev/kvm of a group that the user is not in", {
    isUser: true,
    facts: { kvm: { kvm: "denied" }, host: { groups: "ci" } },
    tries: { kvm: NONE },
  }, ["warn kvm.group: usermod -aG kvm ci"]],
  ["/dev/kvm of root alone", {
    isUser: true,
    facts: { kvm: { kvm: "denied", "kvm.owner": "root 600" } },
    tries: { kvm: NONE },
  }, [
    "warn kvm.node: groupadd -f --system kvm && chgrp kvm /dev/kvm && chmod 0660 /dev/kvm && usermod -aG kvm ci",
  ]],
  ["/dev/kvm refused to root", { facts: { kvm: { kvm: "denied" } }, tries: { kvm: NONE } }, ["warn kvm.node"]],
  ["a KVM that runs no guest", { tries: { kvm: KVM_FAILS, remembered: KVM_FAILS } }, ["warn kvm.works"]],
  ["a KVM that runs a small guest, and no kernel", { tries: { kernel: FAILS, remembered: FAILS } }, ["warn kvm.works"]],
  ["a KVM that no kernel was tried on", { tries: { kernel: NONE } }, ["warn kvm.works: berth image build default"]],
  ["a KVM that is remembered as if it ran kernels", { tries: { kernel: FAILS } }, [
    "warn kvm.works",
    "warn kvm.remembered: rm -f /s/host.json",
  ]],
  ["a kernel that could not be tried", { tries: { kernel: { problem: "late" } } }, ["warn kvm.unknown"]],
  ["a KVM that is remembered as broken", { tries: { remembered: KVM_FAILS } }, [
    "warn kvm.remembered: rm -f /s/host.json",
  ]],
  ["no QEMU", { facts: { qemu: { qemu: "missing" } }, tries: { kvm: KVM_FAILS, emulation: FAILS } }, [
    "fail qemu.version: apt-get install -y qemu-system-x86",
  ]],
  ["a QEMU that does not start", { facts: { qemu: { "qemu.version": "Illegal instruction" } } }, [
    "fail qemu.version: apt-get install -y --reinstall qemu-system-x86",
  ]],
  ["an old QEMU", { facts: { qemu: { "qemu.version": "QEMU emulator version 6.2.0" } } }, [
    "warn qemu.version: apt-get install -y qemu-system-x86",
  ]],
  ["a QEMU without microvm", { facts: { qemu: { "qemu.machine": "q35" } } }, [
    "fail qemu.machine: apt-get install -y qemu-system-x86",
  ]],
  ["neither KVM nor emulation", { tries: { kvm: KVM_FAILS, remembered: NONE, emulation: FAILS } }, [
    "warn kvm.works",
    "fail qemu.emulation: apt-get install -y qemu-system-x86",
  ]],
  ["emulation that takes long", {
    tries: { kvm: KVM_FAILS, remembered: NONE, emulation: { value: { ...FAILS.value, timedOut: true } } },
  }, ["warn kvm.works", "warn qemu.emulation"]],
  ["no setpriv, no mount", { facts: { programs: { program: "busybox" } } }, [
    "fail programs.jobs: apt-get install -y util-linux mount findutils tar coreutils",
    "fail programs.mkfs: apt-get install -y e2fsprogs",
    "warn programs.images: apt-get install -y kmod dpkg xz-utils zstd mmdebstrap squashfs-tools skopeo umoci",
  ]],
  ["a busybox that needs libraries", { facts: { programs: { busybox: "dynamic" } } }, [
    "fail programs.busybox: apt-get install -y busybox-static",
  ]],
  ["a mke2fs that fails", { tries: { mkfs: FAILS } }, [
    "fail programs.mkfs: apt-get install -y --reinstall e2fsprogs",
  ]],
  ["no mount namespaces", {
    facts: {
      namespaces: { "namespaces.mount": "fails: no", "namespaces.most_mount": "0", "namespaces.user": "fails: no" },
    },
  }, [
    `fail namespaces.own: ${SYSCTL("user.max_mnt_namespaces=15000")}`,
    `warn namespaces.user: ${SYSCTL("user.max_mnt_namespaces=15000")}`,
  ]],
  ["a container's root without CAP_SYS_ADMIN", { facts: { namespaces: { "namespaces.mount": "fails: no" } } }, [
    "warn namespaces.own",
  ]],
  ["no user namespaces for root", {
    facts: { namespaces: { "namespaces.user": "fails: no", "namespaces.most": "0" } },
  }, [`warn namespaces.user: ${SYSCTL("user.max_user_namespaces=15000")}`]],
  ["no user namespaces for users", {
    isUser: true,
    facts: { namespaces: { "namespaces.user": "fails: no", "namespaces.unprivileged": "0" } },
    problem: "this user can't make namespaces here",
  }, ["fail host.process", `fail namespaces.own: ${SYSCTL("kernel.unprivileged_userns_clone=1")}`]],
  ["AppArmor in the way of a user's jail", {
    isUser: true,
    facts: { namespaces: { "namespaces.apparmor": "1" } },
    tries: { jail: FAILS },
  }, [`warn namespaces.jail: ${SYSCTL("kernel.apparmor_restrict_unprivileged_userns=0")}`]],
  ["no bubblewrap", { facts: { namespaces: { bwrap: "missing" } }, tries: { jail: FAILS } }, [
    "fail namespaces.jail: apt-get install -y bubblewrap",
  ]],
  ["no bubblewrap, for a user", { isUser: true, facts: { namespaces: { bwrap: "missing" } }, tries: { jail: FAILS } }, [
    "warn namespaces.jail: apt-get install -y bubblewrap",
  ]],
  ["a bubblewrap that does not work", { tries: { jail: FAILS } }, ["fail namespaces.jail"]],
  ["cgroup v1 beside v2", { tries: obstacle("cgroup.hybrid") }, [`warn cgroup.mode: ${UNIFIED}`]],
  ["no cgroup tree", { tries: obstacle("cgroup.no-mount") }, [
    "warn cgroup.mode: mount -t cgroup2 none /sys/fs/cgroup",
  ]],
  ["a namespace that hides the tree", { tries: obstacle("cgroup.namespace") }, ["warn cgroup.mode"]],
  ["an old kernel", { tries: obstacle("cgroup.kernel") }, [
    "warn cgroup.kill: apt-get install -y linux-image-amd64 && reboot",
  ]],
  ["a service that was not delegated", { tries: obstacle("cgroup.undelegated", { name: "ci.service", user: false }) }, [
    "warn cgroup.groups: mkdir -p /etc/systemd/system/ci.service.d && printf '[Service]\\nDelegate=yes\\n' " +
    ">/etc/systemd/system/ci.service.d/berth.conf && systemctl daemon-reload && systemctl restart ci.service",
  ]],
  ["a user's session", {
    isUser: true,
    tries: obstacle("cgroup.undelegated", { name: "session-1.scope", user: false }),
  }, ["warn cgroup.groups: systemd-run --user --scope -p Delegate=yes berth run -- true"]],
  ["a tree that is read-only", { tries: obstacle("cgroup.read-only") }, [
    "warn cgroup.groups: mount -o remount,bind,rw /sys/fs/cgroup",
  ]],
  ["a parent without memory and io", { tries: containment({ controllers: ["cpu", "cpuset", "pids"] }) }, [
    "warn cgroup.memory: echo +memory >/sys/fs/cgroup/cgroup.subtree_control",
    "warn cgroup.io: echo +io >/sys/fs/cgroup/cgroup.subtree_control",
  ]],
  ["a kernel without a controller", {
    tries: containment({ place: "/sys/fs/cgroup", controllers: ["cpu", "memory", "io", "pids"] }),
  }, ["warn cgroup.cpuset"]],
  ["a user's manager that was not given a controller", {
    tries: containment({
      place: "/sys/fs/cgroup/user.slice/user-1.slice/user@1.service/app.slice/a.scope",
      controllers: ["cpu", "memory", "pids", "io"],
    }),
  }, [
    "warn cgroup.cpuset: mkdir -p /etc/systemd/system/user@.service.d && " +
    "printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' >/etc/systemd/system/user@.service.d/berth.conf && " +
    "systemctl daemon-reload",
  ]],
  ["a kernel that does not count swap", { tries: containment({ lacking: ["memory.swap.max"] }) }, [
    `warn cgroup.files: ${UNIFIED.replace(/systemd.*=all/, "swapaccount=1")}`,
  ]],
  ["a systemd that ignores lists of devices", { tries: containment({ driver: "systemd", enforcesDevices: false }) }, [
    "warn cgroup.devices",
  ]],
  ["no systemd", { facts: { systemd: { systemd: undefined } } }, ["warn systemd.version"]],
  ["a systemd that does not answer", { facts: { systemd: { "systemd.answer": "Failed to connect to bus" } } }, [
    "warn systemd.version: apt-get install -y dbus && systemctl start dbus",
  ]],
  ["an old systemd", { facts: { systemd: { "systemd.version": "systemd 249 (249.11)" } } }, ["warn systemd.version"]],
  ["no vsock", { facts: { devices: { vsock: "missing" } } }, [
    "warn devices.vhost-vsock: modprobe vhost_vsock && echo vhost_vsock >/etc/modules-load.d/berth-vhost_vsock.conf",
  ]],
  ["a tun that may not be opened", { facts: { devices: { tun: "denied" } } }, [
    "warn devices.tun: chmod 0666 /dev/net/tun",
  ]],
  ["a state folder that is a file", { facts: { state: { "state.there": "no folder" } } }, [
    "fail state.folder: mv /s /s.old",
  ]],
  ["somebody else's state folder that can be written", { facts: { state: { "state.owner": "ci" } } }, [
    "fail state.owner: chown root /s",
  ]],
  ["a state folder that everybody may write", { facts: { state: { "state.mode": "777" } } }, [
    "fail state.owner: chmod go-w /s",
  ]],
  ["a list of VMs' users that a group may write", { facts: { state: { "users.mode": "771" } } }, [
    "fail state.users: chmod go-w /run/berth-users",
  ]],
  ["a state folder that is read-only", {
    facts: { state: { "state.write": "fails: sh: cannot create /s/x: Read-only file system", "state.mount": "/a b" } },
  }, ["fail state.folder: mount -o remount,rw '/a b'"]],
  [
    "a state folder of somebody else",
    { isUser: true, facts: { state: { "state.write": "fails: Permission denied" } } },
    [
      "fail state.folder: mkdir -p /s && chown -R ci /s",
    ],
  ],
  ["a full disk", {
    facts: { state: { "state.disk": "65536 4096 900 1000", "state.write": "fails: No space left on device" } },
  }, [`fail state.space: ${ROOM}`]],
  ["a disk that is almost full", { facts: { state: { "state.disk": "65537 4096 900 1000" } } }, [
    `warn state.space: ${ROOM}`,
  ]],
  ["a disk with no files left", { facts: { state: { "state.disk": "9999999 4096 9 1000" } } }, [
    `fail state.inodes: ${ROOM}`,
  ]],
  ["a disk with few files left", { facts: { state: { "state.disk": "9999999 4096 10 1000" } } }, [
    `warn state.inodes: ${ROOM}`,
  ]],
  ["a disk that does not count files", { facts: { state: { "state.disk": "9999999 4096 0 0" } } }, []],
  ["a slow clock", { facts: { kernel: { clock: "hpet" } } }, [
    "warn kernel.clocksource: echo tsc >/sys/devices/system/clocksource/clocksource0/current_clocksource",
  ]],
  ["a slow clock, and no other", { facts: { kernel: { clock: "acpi_pm", "clock.available": "acpi_pm" } } }, [
    "warn kernel.clocksource",
  ]],
  ["no random numbers", { facts: { kernel: { random: "0" } } }, ["warn kernel.entropy: apt-get install -y rng-tools5"]],
  ["a kernel without an option", { facts: { kernel: { "config.lacks": "CONFIG_MEMCG" } } }, [
    "warn kernel.options: apt-get install -y linux-image-amd64 && reboot",
  ]],
  ["a kernel that does not tell its options", { facts: { kernel: { config: undefined } } }, ["warn kernel.unknown"]],
  ["an image that can't be run", { tries: { images: { value: [{ name: "ci", problem: "gone" }, { name: "b" }] } } }, [
    "warn images.usable: berth image rm ci",
  ]],
  ["a guest whose state is none for others", { tries: { clones: FAILS } }, ["warn clone.starts"]],
  ["a host without an image", { tries: { clones: { value: null } } }, []],
  ["what killed berths have left", {
    tries: { leftJobs: { value: ["a"] }, leftGroups: { value: ["/g"] }, leftFiles: { value: ["/s/f"] } },
  }, ["warn leftovers.jobs: berth gc", "warn leftovers.groups: berth gc", "warn leftovers.files: berth gc"]],
  ["a host that does not answer", { unknown: ["kvm", "state"] }, ["warn kvm.unknown", "warn state.unknown"]],
  ["a host that does not answer, and what was tried", {
    unknown: ["programs", "namespaces", "cgroup"],
    tries: { mkfs: FAILS, jail: FAILS, ...obstacle("cgroup.namespace") },
  }, [
    "warn programs.unknown",
    "fail programs.mkfs: apt-get install -y --reinstall e2fsprogs",
    "warn namespaces.unknown",
    "fail namespaces.jail",
    "warn cgroup.unknown",
    "warn cgroup.mode",
  ]],
  ["tries that take too long", { tries: { kvm: { problem: "late" }, jail: { problem: "late" } } }, [
    "warn kvm.unknown",
    "warn namespaces.unknown",
  ]],
];
