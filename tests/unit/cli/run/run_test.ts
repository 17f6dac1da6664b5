// @ts-types="../../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { runWindows } from "../../../../lib/cli/run/run.ts";
import { parseRunArgs } from "../../../../lib/cli/run/args.ts";

function windows(...argv: string[]) {
  return runWindows(parseRunArgs([...argv, "x"], 2 ** 40));
}

Deno.test("runWindows() opens nothing for a job that names no path", () => {
  assertEquals(windows("--limits=off", "--image=bookworm", "--env=A=/etc"), []);
});

Deno.test("runWindows() shows what the user names, and only artifacts and the report can be written", () => {
  const flags = ["--limits=off", "--image=./img", "--workspace=.", "--artifact=/a=one", "--artifact=/b=/two"];
  assertEquals(windows(...flags, "--report=r.json"), [
    { mode: "ro", target: "/run/berth/self/image", source: "./img" },
    { mode: "folder", target: "/run/berth/self/workspace", source: "." },
    { mode: "make", target: "/run/berth/self/artifacts/0", source: "one" },
    { mode: "make", target: "/run/berth/self/artifacts/1", source: "/two" },
    { mode: "file", target: "/run/berth/self/report", source: "r.json" },
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
