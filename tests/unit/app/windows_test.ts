// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { dryRunWindows, runWindows } from "../../../lib/app/windows.ts";
import { parseRunArgs } from "../../../lib/cli/run/args.ts";

function windows(...argv: string[]) {
  const { request, ...written } = parseRunArgs([...argv, "x"], 2 ** 40);
  return runWindows(request, written);
}

Deno.test("runWindows() opens nothing for a job that names no path", () => {
  assertEquals(windows("--limits=off", "--image=bookworm", "--env=A=/etc"), []);
});

Deno.test("runWindows() shows what the user names, and only artifacts, the report and events can be written", () => {
  const flags = ["--limits=off", "--image=./img", "--workspace=.", "--artifact=/a=one", "--artifact=/b=/two"];
  assertEquals(windows(...flags, "--report=r.json", "--events=e.jsonl"), [
    { mode: "ro", target: "/run/berth/self/image", source: "./img" },
    { mode: "folder", target: "/run/berth/self/workspace", source: "." },
    { mode: "make", target: "/run/berth/self/artifacts/0", source: "one" },
    { mode: "make", target: "/run/berth/self/artifacts/1", source: "/two" },
    { mode: "file", target: "/run/berth/self/report", source: "r.json" },
    { mode: "file", target: "/run/berth/self/events", source: "e.jsonl" },
  ]);
});

Deno.test("runWindows() has a way to a descriptor that events go to", () => {
  assertEquals(windows("--limits=off", "--events=12"), [
    { mode: "descriptor", target: "/run/berth/self/events", source: "12" },
  ]);
});

Deno.test("dryRunWindows() shows what is only read, and makes nothing", () => {
  const flags = ["--image=./img", "--workspace=.", "--artifact=/a=one", "--volume=f.ext4:/v", "--io-max=sda:rbps=1M"];
  const { request } = parseRunArgs([...flags, "x"], 2 ** 40);
  assertEquals(dryRunWindows(request).map(({ mode, source }) => `${mode} ${source}`), [
    ...["ro ./img", "folder .", "ro f.ext4", "node /dev/kvm", "block sda"],
  ]);
});

/** Only the windows that are about the VM's group, as MODE SOURCE. */
function groupWindows(...argv: string[]): string[] {
  return windows(...argv).map(({ mode, source }) => `${mode} ${source}`);
}

const NODES = ["/dev/kvm", "/dev/vhost-net", "/dev/vhost-vsock", "/dev/net/tun"].map((path) => `device ${path}`);

Deno.test("runWindows() shows the own group, and a slice in case that systemd has not given it away", () => {
  assertEquals(groupWindows(), ["cgroup self", "spare_slice berth.slice", ...NODES]);
});

Deno.test("runWindows() shows no slice to a job that wants groups made in the tree, and only what is named", () => {
  assertEquals(groupWindows("--cgroup-driver=cgroupfs", "--device=/dev/fuse:rw"), ["cgroup self", "device /dev/fuse"]);
  assertEquals(groupWindows("--cgroup-parent=/sys/fs/cgroup/ci"), ["cgroup /sys/fs/cgroup/ci"]);
});

Deno.test("runWindows() shows the slice that is asked for, by its path in the tree", () => {
  const parent = "--cgroup-parent=ci-jobs.slice:vm:one";
  assertEquals(groupWindows(parent, "--device=/dev/fuse"), [
    ...["cgroup self", "slice ci.slice/ci-jobs.slice"],
    ...[...NODES, "device /dev/fuse"],
  ]);
  assertEquals(groupWindows("--cgroup-driver=systemd"), ["cgroup self", "slice berth.slice", ...NODES]);
});

Deno.test("runWindows() looks up the numbers of disks that are given by name", () => {
  const flags = ["--cgroup-driver=cgroupfs", "--io-max=8:0:rbps=1M", "--io-max=sdb:wbps=1M"];
  assertEquals(groupWindows(...flags), ["cgroup self", "block sdb"]);
});
