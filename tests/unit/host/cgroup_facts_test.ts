// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { parseBlockDevices } from "../../../lib/host/cgroup_facts.ts";

Deno.test("parseBlockDevices() reads a disk's name or path, and its number", () => {
  const text = "sda 8:0\n/dev/disk/by-path/pci-0000:00:1f.2-ata-1 259:12\n/dev/disk/by-label/my disk 8:16";
  assertEquals([...parseBlockDevices(text)], [
    ["sda", "8:0"],
    ["/dev/disk/by-path/pci-0000:00:1f.2-ata-1", "259:12"],
    ["/dev/disk/by-label/my disk", "8:16"],
  ]);
});

Deno.test("parseBlockDevices() of nothing, and of what has no number, is nothing", () => {
  assertEquals([...parseBlockDevices("")], []);
  assertEquals([...parseBlockDevices("sda\nsdb 8\nsdc 8:x\n 8:0")], []);
});
