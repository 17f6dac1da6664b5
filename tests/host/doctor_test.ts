/**
 * `berth doctor` on a host that has all that jobs need, and on the same host when something is taken from it: it finds
 * that, and nothing else.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Area, AREAS } from "../../lib/doctor/finding.ts";
import { copyImage } from "../faults/harness.ts";
import { berth, leftovers, SCRATCH, shell, STATE as JOBS_STATE } from "../support/berth.ts";
import { diagnose, STATE } from "../support/doctor.ts";
import { behind, CGROUPS, UNMOUNT } from "../support/host/host_parents.ts";

await Deno.mkdir(SCRATCH, { recursive: true });
// The doctor boots its kernel.
assertEquals((await berth(["run", "--quiet", "--", "true"])).code, 0);
await copyImage(JOBS_STATE, STATE);

/** What this host lacks by its nature: what makes images of packages and of registries. */
const LACKS = ["warn programs.images"];

Deno.test("doctor finds a good host good, all of it, and changes nothing", async () => {
  const look = 'cd "$1" && find . | sort; cd "$2" && cat cgroup.subtree_control && find . -type d | sort';
  const own = `${CGROUPS}/system.slice/test-host.service`;
  const before = await shell(look, STATE, own);
  const { code, findings, complaints } = await diagnose([]);
  assertEquals([code, complaints], [0, LACKS], JSON.stringify(findings));
  assertEquals(AREAS.filter((area) => !findings.some(({ id }) => id.startsWith(`${area}.`))), []);
  const status = (id: string) => findings.find((one) => one.id === id)?.status;
  assertEquals(["kvm.works", "namespaces.jail", "cgroup.groups", "programs.mkfs"].map(status), [
    "ok",
    "ok",
    "ok",
    "ok",
  ]);
  assertEquals([await shell(look, STATE, own), await leftovers(STATE)], [before, []]);
});

Deno.test("doctor prints a list for people, with what fails at its end, and the status says so", async () => {
  const { code, stdout } = await berth(["doctor", "--only", "state"], { state: "/proc/version" });
  assertEquals(code, 1, stdout);
  assertStringIncludes(stdout, "fail  state.folder  /proc/version is no folder\n      means: no job can run\n");
});

/** A program is not there. */
const hide = (path: string) => `mount --bind /dev/null ${path}`;

/** Another program stands in a program's place; `$real` is the true one. */
function replace(path: string, script: string): string {
  const real = `${SCRATCH}/real-${path.split("/").at(-1)}`;
  return `cp ${path} ${real}; printf '%s\\n' '#!/bin/sh' 'real=${real}' '${script}' >${real}.fake
    chmod +x ${real}.fake; mount --bind ${real}.fake ${path}`;
}

const QEMU = "/usr/bin/qemu-system-x86_64";
const SCRIPTS: [what: string, script: string, areas: Area[], expected: string[]][] = [
  ["no QEMU", hide(QEMU), ["kvm", "qemu"], ["fail qemu.version"]],
  ["a QEMU that fails", replace(QEMU, "echo broken >&2; exit 1"), ["kvm", "qemu"], ["fail qemu.version"]],
  ["a QEMU without microvm", replace(QEMU, '$real "$@" | grep -v ^microvm'), ["kvm", "qemu"], ["fail qemu.machine"]],
  [
    "a KVM that runs no guest",
    replace(QEMU, 'case "$*" in *"-accel kvm"*) echo no MSR >&2; exit 134 ;; esac; exec $real "$@"'),
    ["kvm"],
    ["warn kvm.works"],
  ],
  ["another device as /dev/kvm", "mount --bind /dev/null /dev/kvm", ["kvm"], ["warn kvm.node"]],
  ["no mke2fs", hide("/usr/sbin/mke2fs"), ["programs"], ["fail programs.mkfs", ...LACKS]],
  ["a mke2fs that fails", replace("/usr/sbin/mke2fs", "exit 1"), ["programs"], ["fail programs.mkfs", ...LACKS]],
  ["a mke2fs that hangs", replace("/usr/sbin/mke2fs", "exec sleep 1000"), ["programs"], [
    "warn programs.unknown",
    ...LACKS,
  ]],
  ["a busybox that is linked dynamically", "mount --bind /usr/bin/dash /usr/bin/busybox", ["programs"], [
    "fail programs.busybox",
    ...LACKS,
  ]],
  ["no setpriv", hide("/usr/bin/setpriv"), ["programs"], ["fail host.process", "fail programs.jobs", ...LACKS]],
  ["no bubblewrap", hide("/usr/bin/bwrap"), ["namespaces"], ["fail namespaces.jail"]],
  ["a bubblewrap that fails", replace("/usr/bin/bwrap", "exit 1"), ["namespaces"], ["fail namespaces.jail"]],
  ["a state folder that is read-only", `mount --bind ${STATE} ${STATE}; mount -o remount,ro,bind ${STATE}`, ["state"], [
    "fail state.folder",
  ]],
  [
    "a full disk",
    `mount -t tmpfs -o mode=0700,size=1m none ${STATE}; head -c 2M /dev/zero 2>/dev/null >${STATE}/full || :`,
    [
      "state",
    ],
    [
      "fail state.space",
    ],
  ],
  ["a small disk", `mount -t tmpfs -o mode=0700,size=1g none ${STATE}`, ["state"], ["warn state.space"]],
  [
    "a disk with no files left",
    `mount -t tmpfs -o mode=0700,size=4g,nr_inodes=9 none ${STATE}
    i=0; while (: >${STATE}/$i) 2>/dev/null; do i=$((i + 1)); done`,
    ["state"],
    ["fail state.inodes"],
  ],
  ["a tree that is read-only", `mount -o remount,ro,bind ${CGROUPS}`, ["cgroup"], ["warn cgroup.groups"]],
  ["no tree", UNMOUNT, ["cgroup"], ["warn cgroup.mode"]],
  ["a systemd that does not answer", hide("/usr/bin/systemctl"), ["systemd"], ["warn systemd.version"]],
  ["no random numbers", "mount --bind /dev/null /dev/random", ["kernel"], ["warn kernel.entropy"]],
  [
    "a kernel without an option",
    "config=/boot/config-$(uname -r); grep -v CONFIG_MEMCG= $config >/run/config; mount --bind /run/config $config",
    ["kernel"],
    ["warn kernel.options"],
  ],
];
for (const [what, script, areas, expected] of SCRIPTS) {
  Deno.test(`doctor finds ${what}, and nothing else`, async () => {
    const { findings, complaints } = await diagnose(areas, { wrapper: behind(script) });
    assertEquals(complaints, expected, JSON.stringify(findings));
  });
}

/** Breaks the host itself, looks, and mends it. */
const BROKEN: [what: string, breaks: string, mends: string, areas: Area[], expected: string[]][] = [
  ["no /dev/kvm", "mv /dev/kvm /dev/kvm.away", "mv /dev/kvm.away /dev/kvm", ["kvm"], ["warn kvm.node"]],
  ["no tun", "mv /dev/net/tun /dev/tun.away", "mv /dev/tun.away /dev/net/tun", ["devices"], ["warn devices.tun"]],
  [
    "no user namespaces",
    "echo 0 >/proc/sys/user/max_user_namespaces",
    "echo 9999 >/proc/sys/user/max_user_namespaces",
    [
      "namespaces",
    ],
    ["warn namespaces.user"],
  ],
  [
    "an image that can't be run",
    `mkdir -p ${STATE}/images/bad && echo '{}' >${STATE}/images/bad/spec.json`,
    `rm -r ${STATE}/images/bad`,
    ["images"],
    ["warn images.usable"],
  ],
];
for (const [what, breaks, mends, areas, expected] of BROKEN) {
  Deno.test(`doctor finds ${what}, and nothing else`, async () => {
    await shell(breaks);
    try {
      const { findings, complaints } = await diagnose(areas);
      assertEquals(complaints, expected, JSON.stringify(findings));
    } finally {
      await shell(mends);
    }
    assertEquals((await diagnose(areas)).complaints, []);
  });
}
