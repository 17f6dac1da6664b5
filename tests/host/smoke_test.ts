/**
 * The test host is what the other tests in this folder take it for. Runs inside it
 * (`deno task test:host`); where a check needs /sys, /proc or /dev, a shell looks, as Deno may not.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const checks = { sanitizeOps: true, sanitizeResources: true, sanitizeExit: true };

/** Runs a line of shell; returns its output, or throws with what it said. */
async function shell(line: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("sh", { args: ["-ec", line] }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${line}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout).trim();
}

Deno.test("PID 1 is systemd, and answers", checks, async () => {
  assertEquals(await shell("cat /proc/1/comm"), "systemd");
  assertEquals(await shell("systemd-run --quiet --pipe --wait echo hello"), "hello");
});

Deno.test("/sys/fs/cgroup is cgroup v2 with the controllers that berth uses", checks, async () => {
  assertEquals(await shell("stat -fc %T /sys/fs/cgroup"), "cgroup2fs");
  const controllers = (await shell("cat /sys/fs/cgroup/cgroup.controllers")).split(" ");
  for (const name of ["cpu", "cpuset", "io", "memory", "pids"]) {
    assert(controllers.includes(name), `no ${name} in ${controllers}`);
  }
});

Deno.test("the cgroup window makes groups through Deno's own file calls", checks, async () => {
  const group = "/run/test-host/cgroup/smoke";
  await Deno.mkdir(group);
  try {
    await Deno.writeTextFile(`${group}/memory.max`, "67108864", { create: false });
    assertEquals(await Deno.readTextFile(`${group}/memory.max`), "67108864\n");
    assertEquals(await shell("cat /sys/fs/cgroup/smoke/memory.max"), "67108864");
  } finally {
    await Deno.remove(group);
  }
});

Deno.test("/dev/kvm opens, and runs a guest", checks, async () => {
  await shell("exec 3<>/dev/kvm");
  // A kernel without a root disk: it boots, panics for want of one, and the machine ends with its reset.
  // quiet: two layers of emulation make a serial line of a full boot log the slowest part of it.
  const machine = "-M microvm,rtc=on -accel kvm -cpu host -m 128 -nodefaults -display none -no-reboot";
  const kernel = '-kernel /boot/vmlinuz-$(uname -r) -append "console=ttyS0 quiet panic=-1" -serial stdio';
  const words = await shell(`timeout 60 qemu-system-x86_64 ${machine} ${kernel} </dev/null`);
  assertStringIncludes(words, "Unable to mount root fs");
});

Deno.test("/dev/vhost-vsock opens", checks, async () => {
  await shell("exec 3<>/dev/vhost-vsock");
});

Deno.test("berth's tools are there", checks, async () => {
  const tools = "qemu-system-x86_64 bwrap busybox mkfs.ext4 debugfs mksquashfs stress-ng unshare depmod";
  await shell(`for tool in ${tools}; do command -v $tool >&2 || { echo "no $tool" >&2; exit 1; }; done`);
});

Deno.test("a kernel for nested microVMs is there with its modules", checks, async () => {
  const version = await shell("uname -r");
  await shell(`test -s /boot/vmlinuz-${version}`);
  await shell(`grep -q virtio_mmio /lib/modules/${version}/modules.dep`);
});

Deno.test("/var/lib has room for images", checks, async () => {
  const freeKiB = Number(await shell("df --output=avail /var/lib | tail -n 1"));
  assert(freeKiB >= 2 * 1024 * 1024, `${freeKiB} KiB are free`);
});

Deno.test("the tests know where they are, and see nothing but their windows", checks, async () => {
  assertEquals(Deno.env.get("BERTH_TEST_HOST"), "1");
  let refused = false;
  try {
    await Deno.readTextFile("/etc/passwd");
  } catch (error) {
    refused = error instanceof Deno.errors.NotCapable;
  }
  assert(refused, "/etc/passwd could be read");
});
