// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import {
  addDevice,
  deviceProperties,
  nodesToLookFor,
  parseDevice,
  parseDeviceList,
  planDevices,
  removeDevice,
} from "../../../../lib/cgroup/systemd/devices.ts";

const FUSE = { node: "/dev/fuse", access: "rw" };

Deno.test("parseDevice() takes a path with or without its access, and groups of devices", () => {
  assertEquals(parseDevice("/dev/fuse"), { node: "/dev/fuse", access: "rwm" });
  assertEquals(parseDevice("/dev/fuse:wr"), FUSE);
  assertEquals(parseDevice("/dev/vfio/7:m"), { node: "/dev/vfio/7", access: "m" });
  assertEquals(parseDevice("block-loop:r"), { node: "block-loop", access: "r" });
  const byPath = "/dev/disk/by-path/pci-0000:00:1f.2";
  assertEquals(parseDevice(byPath), { node: byPath, access: "rwm" });
  assertEquals(parseDevice(`${byPath}:r`), { node: byPath, access: "r" });
});

const WRONG: Record<string, string> = {
  "": "is not a path below /dev",
  "fuse": "is not a path below /dev",
  "/etc/passwd": "is not a path below /dev",
  "/dev/": "is not a path below /dev",
  "/dev/a b": "is not a path below /dev",
  "/dev/../etc/x": "is not a plain path",
  "/dev//fuse": "is not a plain path",
  "/dev/fuse:": 'has the access "", not letters of rwm',
  "/dev/fuse:x": 'has the access "x"',
  "/dev/fuse:rr": 'has the access "rr"',
  "/dev/fuse:RW": 'has the access "RW"',
};
for (const [text, words] of Object.entries(WRONG)) {
  Deno.test(`parseDevice() refuses "${text}"`, () => {
    const error = assertThrows(() => parseDevice(text), BerthError, `--device: "${text}" ${words}`);
    assertEquals(error.code, "usage.value");
  });
}

Deno.test("planDevices() allows the hypervisor's devices that are there, and the user's", () => {
  assertEquals(nodesToLookFor([FUSE, { node: "block-loop", access: "r" }]), [
    ...["/dev/kvm", "/dev/vhost-net", "/dev/vhost-vsock", "/dev/net/tun", "/dev/fuse"],
  ]);
  const { allowed, missing } = planDevices([FUSE], ["/dev/kvm", "/dev/fuse"]);
  assertEquals(deviceProperties(allowed), [
    ...["DeviceAllow=", "DeviceAllow=/dev/kvm rwm", "DeviceAllow=/dev/null rwm", "DeviceAllow=/dev/zero rwm"],
    ...["DeviceAllow=/dev/urandom rwm", "DeviceAllow=block-device-mapper rwm", "DeviceAllow=/dev/fuse rw"],
  ]);
  assertEquals(missing, ["/dev/vhost-net", "/dev/vhost-vsock", "/dev/net/tun"]);
});

Deno.test("planDevices() refuses a device of the user's that is not there", () => {
  const error = assertThrows(
    () => planDevices([FUSE], ["/dev/kvm"]),
    BerthError,
    "/dev/fuse is not a device of this host",
  );
  assertEquals(error.code, "usage.value");
});

Deno.test("addDevice() adds an entry, or what an entry lacks", () => {
  assertEquals(addDevice([FUSE], { node: "/dev/kvm", access: "r" }), [FUSE, { node: "/dev/kvm", access: "r" }]);
  assertEquals(addDevice([FUSE], { node: "/dev/fuse", access: "m" }), [{ node: "/dev/fuse", access: "rwm" }]);
});

Deno.test("removeDevice() removes one, and names it and the list when it is not there", () => {
  const list = [FUSE, { node: "/dev/kvm", access: "rwm" }];
  assertEquals(removeDevice(list, "/dev/kvm"), [FUSE]);
  const remove = () => removeDevice(list, "/dev/sda");
  const error = assertThrows(
    remove,
    BerthError,
    "/dev/sda is not among the devices that the VM may use: /dev/fuse, /dev/kvm",
  );
  assertEquals(error.code, "cgroup.device");
  assertThrows(() => removeDevice([], "/dev/sda"), BerthError, "may use: none");
});

Deno.test("parseDeviceList() reads what systemctl shows", () => {
  assertEquals(parseDeviceList(["/dev/fuse rw", "block-device-mapper rwm"]), [
    FUSE,
    { node: "block-device-mapper", access: "rwm" },
  ]);
  assertEquals(parseDeviceList([""]), []);
});
