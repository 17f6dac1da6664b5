/**
 * The devices that a VM's processes may open. Pure: which nodes there are is told by the caller.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";

/** An entry of systemd's DeviceAllow. */
export interface Device {
  /** A path below `/dev`, or a group of devices like `block-device-mapper` (a name of `/proc/devices`). */
  readonly node: string;
  /** Letters of `rwm`: read, write, make a node. */
  readonly access: string;
}

/** Without one of these a VM may still run: QEMU emulates, or has other ways. */
const OPTIONAL = ["/dev/kvm", "/dev/vhost-net", "/dev/vhost-vsock", "/dev/net/tun"];

/** What every program takes for granted, and device mapper's disks (major 253 in most kernels, and its own by name). */
const ALWAYS = ["/dev/null", "/dev/zero", "/dev/urandom", "block-device-mapper"];

const EVERYTHING = "rwm";

/** Devices that a VM may open, and those of them that this host lacks. */
export interface DevicePlan {
  readonly allowed: readonly Device[];
  /** The hypervisor's own devices that are not there: for a warning. */
  readonly missing: readonly string[];
}

/** Nodes that the caller must look for, for {@linkcode planDevices}. */
export function nodesToLookFor(wanted: readonly Device[]): string[] {
  return [...new Set([...OPTIONAL, ...pathsOf(wanted)])];
}

/** Paths of those devices that are nodes, and no groups of devices. */
export function pathsOf(devices: readonly Device[]): string[] {
  return devices.map(({ node }) => node).filter(isPath);
}

/**
 * Plans the devices of a VM: the hypervisor's, and those that the user wants.
 *
 * @param there those of {@linkcode nodesToLookFor} that are on this host.
 * @throws {BerthError} `usage.value` for a device of the user's that is not: systemd would leave it out in silence.
 */
export function planDevices(wanted: readonly Device[], there: readonly string[]): DevicePlan {
  for (const { node } of wanted) {
    if (isPath(node) && !there.includes(node)) {
      throw new BerthError("usage.value", `--device: ${node} is not a device of this host`);
    }
  }
  const own = [...OPTIONAL.filter((node) => there.includes(node)), ...ALWAYS];
  return {
    allowed: wanted.reduce(addDevice, own.map((node): Device => ({ node, access: EVERYTHING }))),
    missing: OPTIONAL.filter((node) => !there.includes(node)),
  };
}

/** Reads `PATH[:rwm]`. @throws {BerthError} `usage.value`. */
export function parseDevice(text: string): Device {
  return readDevice(text, "--device");
}

/** The same. @param where names the value. */
export function readDevice(text: string, where: string): Device {
  const wrong = (what: string) =>
    new BerthError("usage.value", `${where}: "${text}" ${what}; write a path like /dev/vfio/7, or /dev/sdb:r`);
  // Names of devices may have colons themselves, as in /dev/disk/by-path, but no letters alone behind the last one.
  const [, node, access = EVERYTHING] = /^(.*?)(?::([A-Za-z]*))?$/s.exec(text)!;
  if (!/^(?!.*(.).*\1)[rwm]{1,3}$/.test(access)) throw wrong(`has the access "${access}", not letters of rwm`);
  const isGroup = /^(block|char)-[\w.*?-]+$/.test(node);
  if (!isGroup && !/^\/dev\/[^\s\0]+$/.test(node)) throw wrong("is not a path below /dev, nor block-NAME or char-NAME");
  if (!isGroup && node.split("/").some((part, index) => index > 0 && (part === "" || part === "." || part === ".."))) {
    throw wrong("is not a plain path");
  }
  return { node, access: sortAccess(access) };
}

/** List with one more entry; one that is there already gets what it did not have. */
export function addDevice(list: readonly Device[], device: Device): Device[] {
  const before = list.find(({ node }) => node === device.node);
  if (!before) return [...list, device];
  const merged = { node: device.node, access: sortAccess(before.access + device.access) };
  return list.map((one) => one === before ? merged : one);
}

/** List without an entry. @throws {BerthError} `cgroup.device` when it has none for that node. */
export function removeDevice(list: readonly Device[], node: string): Device[] {
  if (list.some((one) => one.node === node)) return list.filter((one) => one.node !== node);
  const names = list.map((one) => one.node).join(", ") || "none";
  throw new BerthError("cgroup.device", `${node} is not among the devices that the VM may use: ${names}`);
}

/** Reads the values of DeviceAllow, as `systemctl show` tells them. */
export function parseDeviceList(values: readonly string[]): Device[] {
  const words = values.map((value) => value.split(" ")).filter(([node]) => node);
  return words.map(([node, access = ""]) => ({ node, access: sortAccess(access) }));
}

/** Assignments that set the whole list: the empty one takes away what was there. */
export function deviceProperties(list: readonly Device[]): string[] {
  return ["DeviceAllow=", ...list.map(({ node, access }) => `DeviceAllow=${node} ${access}`)];
}

function sortAccess(access: string): string {
  return [...EVERYTHING].filter((letter) => access.includes(letter)).join("");
}

function isPath(node: string): boolean {
  return node.startsWith("/");
}
