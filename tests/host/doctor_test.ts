/**
 * `berth doctor` on a host that has all that jobs need, and on the same host when something is taken from it: it finds
 * that, and nothing else.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Area, AREAS } from "../../lib/host/doctor/finding.ts";
import { berth, leftovers, shell, STATE } from "../support/berth.ts";
import { diagnose, fixOf } from "../support/doctor.ts";
import {
  asUser,
  behind,
  CGROUPS,
  HOME,
  inService,
  makeUser,
  UID,
  UNMOUNT,
  withGroup,
} from "../support/host_parents.ts";

await Deno.mkdir(STATE, { recursive: true });
await makeUser();

/** What this host lacks by its nature: what makes images of packages and of registries. */
const LACKS = ["warn programs.images"];

Deno.test("doctor finds a good host good, all of it, and changes nothing", async () => {
  const look = 'cd "$1"; find . | sort; cat /sys/fs/cgroup/system.slice/test-host.service/cgroup.procs';
  const before = await shell(look, STATE);
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
  assertEquals([await shell(look, STATE), await leftovers()], [before, []]);
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
  const real = `/run/real-${path.split("/").at(-1)}`;
  return `cp ${path} ${real}; printf '%s\\n' '#!/bin/sh' 'real=${real}' '${script}' >/run/fake; chmod +x /run/fake
    cp /run/fake ${real}.fake; mount --bind ${real}.fake ${path}`;
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
  ["no bubblewrap", hide("/usr/bin/bwrap"), ["namespaces"], ["warn namespaces.jail"]],
  ["a bubblewrap that fails", replace("/usr/bin/bwrap", "exit 1"), ["namespaces"], ["warn namespaces.jail"]],
  ["a state folder that is read-only", `mount --bind ${STATE} ${STATE}; mount -o remount,ro,bind ${STATE}`, ["state"], [
    "fail state.folder",
  ]],
  ["a full disk", `mount -t tmpfs -o size=1m none ${STATE}; head -c 2M /dev/zero 2>/dev/null >${STATE}/full || :`, [
    "state",
  ], [
    "fail state.space",
  ]],
  ["a small disk", `mount -t tmpfs -o size=1g none ${STATE}`, ["state"], ["warn state.space"]],
  [
    "a disk with no files left",
    `mount -t tmpfs -o size=4g,nr_inodes=9 none ${STATE}
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

/** What the printed command mends, word by word. */
const MENDED: [what: string, breaks: string, areas: Area[], id: string][] = [
  ["an unloaded vhost_vsock", "modprobe -r vhost_vsock", ["devices"], "devices.vhost-vsock"],
  [
    "a slow clock",
    "cd /sys/devices/system/clocksource/clocksource0; set -- $(cat available_clocksource)\n" +
    'for clock; do [ "$clock" = tsc ] || echo "$clock" >current_clocksource; done',
    ["kernel"],
    "kernel.clocksource",
  ],
  [
    "what is remembered of KVM, and is not so",
    'printf \'{"bootId":"%s","kvm":{"works":false,"detail":"no"}}\' "$(cat /proc/sys/kernel/random/boot_id)" ' +
    `>${STATE}/host.json`,
    ["kvm"],
    "kvm.remembered",
  ],
];
for (const [what, breaks, areas, id] of MENDED) {
  Deno.test(`doctor finds ${what}, and its command mends it`, async () => {
    await shell(breaks);
    const found = await diagnose(areas);
    assertEquals(found.complaints, [`warn ${id}`], JSON.stringify(found.findings));
    await shell(fixOf(found, id));
    assertEquals((await diagnose(areas)).complaints, []);
  });
}

Deno.test("doctor finds what killed berths have left, and berth gc mends it", async () => {
  const id = "dead00000000";
  await shell(`cd "$1"; mkdir -p "jobs/$2" "images/.work-$2"; : >"jobs/$2.owner"`, STATE, id);
  await withGroup(["memory", "pids"], async (path) => {
    await shell('mkdir "$1/berth-probe-1-$2"', path, id);
    const flags = ["--cgroup-parent", path];
    const found = await diagnose(["leftovers"], { flags });
    const all = ["warn leftovers.jobs", "warn leftovers.groups", "warn leftovers.files"];
    assertEquals([found.complaints, fixOf(found, "leftovers.jobs")], [all, "berth gc"], JSON.stringify(found.findings));
    assertEquals((await berth(["gc", ...flags])).code, 0);
    assertEquals((await diagnose(["leftovers"], { flags })).complaints, []);
  });
});

Deno.test("doctor finds controllers that a parent has not, and its commands mend it", async () => {
  await withGroup(["memory", "cpu", "io"], async (path) => {
    const flags = ["--cgroup-parent", path];
    const found = await diagnose(["cgroup"], { flags });
    assertEquals(found.complaints, ["warn cgroup.pids", "warn cgroup.cpuset"], JSON.stringify(found.findings));
    for (const id of ["cgroup.pids", "cgroup.cpuset"]) await shell(fixOf(found, id));
    assertEquals((await diagnose(["cgroup"], { flags })).complaints, []);
  });
});

Deno.test("doctor finds a service that was not delegated, of a user who gets no scope", async () => {
  const wrapper = [...inService(`User=${UID}`), "env", `HOME=${HOME}`, `BERTH_STATE=${HOME}/state`];
  const found = await diagnose(["cgroup"], { wrapper });
  assertEquals(found.complaints, ["warn cgroup.groups"], JSON.stringify(found.findings));
  assertStringIncludes(fixOf(found, "cgroup.groups"), "/etc/systemd/system/berth-test.service.d/berth.conf");
});

Deno.test("doctor finds devices that a unit may not open", async () => {
  const { findings, complaints } = await diagnose(["kvm", "devices"], { wrapper: inService("DevicePolicy=closed") });
  const expected = ["warn kvm.node", "warn devices.vhost-vsock", "warn devices.tun"];
  assertEquals(complaints, expected, JSON.stringify(findings));
});

Deno.test("doctor tells a user what a user lacks", async () => {
  const wrapper = asUser();
  await shell("groupadd -f --system kvm && chgrp kvm /dev/kvm && chmod 0660 /dev/kvm");
  try {
    const found = await diagnose(["kvm"], { wrapper });
    assertEquals(found.complaints, ["warn kvm.group"], JSON.stringify(found.findings));
    assertEquals(fixOf(found, "kvm.group"), "usermod -aG kvm ci");
  } finally {
    await shell("chmod 0666 /dev/kvm");
  }
  await shell("echo 0 >/proc/sys/kernel/unprivileged_userns_clone");
  try {
    const found = await diagnose(["namespaces"], { wrapper });
    assertEquals(found.complaints, ["fail host.process", "fail namespaces.own"], JSON.stringify(found.findings));
    assertStringIncludes(fixOf(found, "namespaces.own"), "kernel.unprivileged_userns_clone=1");
  } finally {
    await shell("echo 1 >/proc/sys/kernel/unprivileged_userns_clone");
  }
  assertEquals((await diagnose(["namespaces", "state"], { wrapper })).complaints, []);
});
