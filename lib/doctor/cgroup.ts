/**
 * Whether VMs can have limits. Pure.
 *
 * @module
 */

import { type Case, judgeTry, quote } from "./case.ts";
import type { Containment } from "../cgroup/driver.ts";
import type { Facts, Obstacle } from "./facts.ts";
import { type Finding, type FindingId, ok, warn } from "./finding.ts";

const WITHOUT = "jobs run with ulimit instead of a cgroup's limits; --limits require refuses";
/** The words of the kernel's command line for cgroup v2 alone. */
const UNIFIED = "systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all";
const BOOT_UNIFIED = `sed -i 's/^GRUB_CMDLINE_LINUX="/&${UNIFIED} /' /etc/default/grub && update-grub && reboot`;
/** What is wrong with the host's tree, and not with berth's place in it. */
const OF_THE_TREE = ["cgroup.v1", "cgroup.hybrid", "cgroup.no-mount", "cgroup.namespace"];

/** What each controller is for: the flags that are not enforced without it. */
const CONTROLLERS: readonly (readonly [id: FindingId, controller: string, without: string])[] = [
  ["cgroup.memory", "memory", WITHOUT],
  ["cgroup.pids", "pids", WITHOUT],
  ["cgroup.cpu", "cpu", "--cpu-quota and --cpu-weight are not enforced"],
  ["cgroup.io", "io", "--io-weight and --io-max are not enforced"],
  ["cgroup.cpuset", "cpuset", "--cpuset and --cpuset-mems are not enforced"],
];

/** Findings on the cgroup tree, berth's place in it, and what a group has there. */
export function judgeCgroup(facts: Facts, about: Case): Finding[] {
  return judgeTry("cgroup", about.tries.containment, (found) => {
    if ("code" in found) return judgeObstacle(found, about);
    return [
      ok("cgroup.mode", "cgroup v2 has the whole tree", "VMs can have limits"),
      ok("cgroup.groups", `${found.driver} makes groups in ${found.place}`, "each VM gets one of its own"),
      ok("cgroup.kill", "the kernel ends a group at once (cgroup.kill)", "no VM outlives its job"),
      ...CONTROLLERS.map(([id, name, without]) =>
        found.controllers.includes(name)
          ? ok(id, `VMs' groups have ${name}`, "its limits are enforced")
          : warn(id, `VMs' groups have no ${name} controller in ${found.place}`, without, handOn(name, found))
      ),
      judgeFiles(found),
      ...judgeDeviceList(found),
      ...judgeSpeed(facts),
    ];
  });
}

function judgeObstacle({ code, message, hint, unit }: Obstacle, { isRoot }: Case): Finding[] {
  const isTree = OF_THE_TREE.includes(code);
  const id = isTree ? "cgroup.mode" : code === "cgroup.kernel" ? "cgroup.kill" : "cgroup.groups";
  return [
    ...(isTree ? [] : [ok("cgroup.mode", "cgroup v2 has the whole tree", "VMs can have limits")]),
    warn(id, message, `${WITHOUT} (${hint})`, obstacleFix(code, isRoot, unit)),
  ];
}

function obstacleFix(code: string, isRoot: boolean, unit: Obstacle["unit"]): string | undefined {
  switch (code) {
    case "cgroup.v1":
    case "cgroup.hybrid":
      return BOOT_UNIFIED;
    case "cgroup.no-mount":
      return "mount -t cgroup2 none /sys/fs/cgroup";
    case "cgroup.read-only":
      return "mount -o remount,bind,rw /sys/fs/cgroup";
    case "cgroup.kernel":
      return "apt-get install -y linux-image-amd64 && reboot";
    case "cgroup.undelegated":
    case "cgroup.denied":
      if (unit?.name.endsWith(".service") && !unit.user) {
        return `${delegate(`/etc/systemd/system/${unit.name}.d`, "yes")} && systemctl restart ${quote(unit.name)}`;
      }
      return `systemd-run ${isRoot ? "" : "--user "}--scope -p Delegate=yes berth run -- true`;
  }
}

/** How a controller comes to a place that has it not: from the group above, or from systemd. */
function handOn(controller: string, { driver, place }: Containment): string | undefined {
  if (/\/user@\d+\.service(\/|$)/.test(place)) {
    return delegate("/etc/systemd/system/user@.service.d", "cpu cpuset io memory pids");
  }
  // What even the root has not, or systemd can't give, the kernel was told to leave out (cgroup_disable=).
  const above = place.slice(0, place.lastIndexOf("/"));
  if (driver === "systemd" || above.endsWith("/fs")) return undefined;
  return `echo +${controller} >${quote(`${above}/cgroup.subtree_control`)}`;
}

function delegate(folder: string, what: string): string {
  const file = quote(`${folder}/berth.conf`);
  return `mkdir -p ${quote(folder)} && printf '[Service]\\nDelegate=${what}\\n' >${file} && systemctl daemon-reload`;
}

function judgeFiles({ lacking }: Containment): Finding {
  if (lacking.length === 0) return ok("cgroup.files", "the kernel has every limit's file", "all limits can be set");
  const means = "the limits of these files are not enforced";
  const isSwap = lacking.includes("memory.swap.max");
  const fix = isSwap ? BOOT_UNIFIED.replace(UNIFIED, "swapaccount=1") : undefined;
  return warn("cgroup.files", `this kernel has no ${lacking.join(", ")}`, means, fix);
}

function judgeDeviceList({ enforcesDevices }: Containment): Finding[] {
  if (enforcesDevices === undefined) return [];
  if (enforcesDevices) return [ok("cgroup.devices", "a scope's list of devices is enforced", "VMMs open no others")];
  const what = "systemd does not enforce lists of devices here";
  return [warn("cgroup.devices", what, "a VMM that broke out of its guest is kept from devices by its jail only")];
}

/** A remount sets all of them anew (kernel doc: cgroup-v2). */
const OPTIONS_OF_TREE = ["nsdelegate", "memory_localevents", "memory_recursiveprot", "memory_hugetlb_accounting"];

/** A mount option of Linux 6.0 and later: a process that moves into a group need not wait for all processors. */
function judgeSpeed(facts: Facts): Finding[] {
  const mounts = facts.all("cgroup2").map((line) => line.split(" "));
  const [point, options] = mounts.find(([path]) => path === "/sys/fs/cgroup") ?? mounts[0] ?? [];
  const major = Number(facts.get("kernel")?.split(".")[0]);
  if (point === undefined || !(major >= 6)) return [];
  const words = options?.split(",") ?? [];
  if (words.includes("favordynmods")) {
    return [ok("cgroup.favordynmods", "the tree is mounted with favordynmods", "groups start fast")];
  }
  const means =
    "a VM starts some 20 ms later than it could, as forks are a little faster without; see berth help speed";
  const kept = OPTIONS_OF_TREE.filter((name) => words.includes(name));
  const fix = `mount -o ${["remount", ...kept, "favordynmods"].join(",")} ${quote(point)}`;
  return [ok("cgroup.favordynmods", "the tree is mounted without favordynmods", means, fix)];
}
