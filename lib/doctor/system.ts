/**
 * systemd, and devices that some VMs use. Pure.
 *
 * @module
 */

import { wordsOf } from "./case.ts";
import type { Facts } from "./facts.ts";
import { type Finding, type FindingId, ok, warn } from "./finding.ts";

/** Debian 12's; older ones were never tried. */
const OLDEST_SYSTEMD = 252;

/** Findings on systemd: whether it runs here, answers, and is new enough. */
export function judgeSystemd(facts: Facts): Finding[] {
  const without = "jobs run; only a group that somebody delegates by hand gives their VMs limits";
  if (!facts.get("systemd")) return [warn("systemd.version", "systemd does not run this host", without)];
  const version = Number(/^systemd (\d+)/.exec(facts.get("systemd.version") ?? "")?.[1]);
  const answer = facts.get("systemd.answer") ?? "";
  if (!/^\d/.test(answer)) {
    const what = `systemd does not answer: ${answer || "it said nothing"}`;
    return [warn("systemd.version", what, without, "apt-get install -y dbus && systemctl start dbus")];
  }
  if (version >= OLDEST_SYSTEMD) {
    return [ok("systemd.version", `systemd is ${version}`, "it can give VMs their limits")];
  }
  const what = `systemd is ${version || "of an unknown version"}, older than ${OLDEST_SYSTEMD}`;
  return [warn("systemd.version", what, "berth was never tried on it")];
}

/** Findings on the devices that VMs can have beside KVM. */
export function judgeDevices(facts: Facts): Finding[] {
  return [
    judgeDevice("devices.vhost-vsock", facts.get("vsock"), {
      path: "/dev/vhost-vsock",
      module: "vhost_vsock",
      purpose: "talk over vsock",
    }),
    judgeDevice("devices.tun", facts.get("tun"), { path: "/dev/net/tun", module: "tun", purpose: "have a network" }),
  ];
}

interface Device {
  readonly path: string;
  readonly module: string;
  readonly purpose: string;
}

function judgeDevice(id: FindingId, state: string | undefined, { path, module, purpose }: Device): Finding {
  if (state === "opens") return ok(id, `${path} can be opened`, `guests could ${purpose}`);
  const means = `berth's own guests do without; one that is to ${purpose} can't`;
  if (state === "denied") return warn(id, `${path} may not be opened by this user`, means, `chmod 0666 ${path}`);
  const what = state === "missing" ? `there is no ${path}` : `${path} can't be opened: ${wordsOf(state)}`;
  return warn(id, what, means, `modprobe ${module} && echo ${module} >/etc/modules-load.d/berth-${module}.conf`);
}
