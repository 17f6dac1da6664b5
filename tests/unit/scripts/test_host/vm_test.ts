import { assert, assertEquals } from "@std/assert";
import { planQemuArguments } from "../../../../scripts/test_host/vm.ts";

const argv = planQemuArguments({
  kernel: "/c/vmlinuz",
  rootImage: "/c/root,1.img",
  payloadImage: "/w/payload.img",
  resultsImage: "/w/results.img",
  consoleLog: "/w/console.log",
  statusFile: "/w/status",
});

Deno.test("planQemuArguments() writes to a snapshot of the cached root image only", () => {
  const drives = argv.filter((argument) => argument.startsWith("file=/"));
  assertEquals(drives.map((drive) => drive.includes("snapshot=on")), [true, false, false]);
  assert(drives[0].startsWith("file=/c/root,,1.img,"), "a comma in a path is doubled for QEMU");
});

Deno.test("planQemuArguments() gives console, output and status a port each, in this order", () => {
  const ports = argv.flatMap((argument, index) => argument === "-serial" ? [argv[index + 1]] : []);
  assertEquals(ports, ["file:/w/console.log", "stdio", "file:/w/status"]);
});

Deno.test("planQemuArguments() names disks by serial number, as the guest looks for them", () => {
  assert(argv.includes("virtio-blk-pci,drive=payload,serial=payload"));
  assert(argv.includes("virtio-blk-pci,drive=results,serial=results"));
});
