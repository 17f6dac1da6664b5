/**
 * What `berth doctor` tells to do mends what it has found; and what it tells who may do less than root.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Area } from "../../lib/doctor/finding.ts";
import { copyImage } from "../faults/harness.ts";
import { berth, SCRATCH, shell, STATE as JOBS_STATE } from "../support/berth.ts";
import { diagnose, fixOf, STATE } from "../support/doctor.ts";
import { asUser, CGROUPS, HOME, inService, makeUser, UID, withGroup } from "../support/host/host_parents.ts";

await Deno.mkdir(SCRATCH, { recursive: true });
// The doctor boots its kernel.
assertEquals((await berth(["run", "--quiet", "--", "true"])).code, 0);
await copyImage(JOBS_STATE, STATE);
await makeUser();

/** What the printed command mends, word by word. */
const MENDED: [what: string, breaks: string, areas: Area[], id: string][] = [
  ["an unloaded vhost_vsock", "modprobe -r vhost_vsock; rm -f /dev/vhost-vsock", ["devices"], "devices.vhost-vsock"],
  [
    "a slow clock",
    "cd /sys/devices/system/clocksource/clocksource0; set -- $(cat available_clocksource)\n" +
    'for clock; do [ "$clock" = tsc ] || echo "$clock" >current_clocksource; done',
    ["kernel"],
    "kernel.clocksource",
  ],
  [
    "what is remembered of KVM, and is not so",
    'printf \'{"bootId":"%s","qemu":"%s","kvm":{"works":false,"detail":"no"}}\' ' +
    '"$(cat /proc/sys/kernel/random/boot_id)" "$(stat -Lc "%n %d %i %s %Y" /usr/bin/qemu-system-x86_64)" ' +
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
    // As the test host has it.
    await shell("chmod 0666 /dev/vhost-vsock");
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
    assertEquals((await berth(["gc", ...flags], { state: STATE })).code, 0);
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

Deno.test("doctor tells how the tree is mounted for faster starts, and keeps its other options", async () => {
  const shown = async () => (await shell(`findmnt -no OPTIONS ${CGROUPS}`)).trim();
  const options = async () => (await shown()).split(",").sort();
  const first = await shown();
  const before = await options();
  await shell(fixOf(await diagnose(["cgroup"]), "cgroup.favordynmods"));
  try {
    assertEquals(await options(), [...before, "favordynmods"].sort());
    const [hint] = (await diagnose(["cgroup"])).findings.filter(({ id }) => id === "cgroup.favordynmods");
    assertEquals([hint.status, hint.fix], ["ok", null as never]);
  } finally {
    // With a source: else mount(8) adds what is in force already, and takes nothing off.
    await shell(`mount -o "remount,$1" cgroup2 ${CGROUPS}`, first);
  }
  assertEquals(await options(), before);
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
