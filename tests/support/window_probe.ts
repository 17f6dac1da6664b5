/**
 * Runs behind berth's windows with berth's permissions, and says what it can do there: one line an attempt.
 *
 * @module
 */

const ATTEMPTS: Record<string, () => unknown> = {
  "read /run/berth/self/host/boot_id": () => Deno.readTextFileSync("/run/berth/self/host/boot_id"),
  "write /run/berth/self/x": () => Deno.writeTextFileSync("/run/berth/self/x", ""),
  "read /etc/passwd": () => Deno.readTextFileSync("/etc/passwd"),
  "read /proc/self/status": () => Deno.readTextFileSync("/proc/self/status"),
  "read /proc/cmdline": () => Deno.readTextFileSync("/proc/cmdline"),
  "list /sys/fs/cgroup": () => [...Deno.readDirSync("/sys/fs/cgroup")],
  "read /dev/kvm": () => Deno.openSync("/dev/kvm"),
  "list the home folder": () => [...Deno.readDirSync(Deno.env.get("HOME") ?? "/root")],
  "list /": () => [...Deno.readDirSync("/")],
  "write /tmp/x": () => Deno.writeTextFileSync("/tmp/x", ""),
  "write /run/x": () => Deno.writeTextFileSync("/run/x", ""),
  "climb out by ..": () => Deno.readTextFileSync("/run/berth/../../etc/passwd"),
  "make a link": () => Deno.symlinkSync("/etc/passwd", "/run/berth/self/link"),
  "run cat": () => new Deno.Command("cat", { args: ["/etc/passwd"] }).outputSync(),
  "connect to the network": () => Deno.listen({ port: 0 }),
  "listen on another socket": () => Deno.listen({ transport: "unix", path: "/run/berth/self/other.sock" }),
  "read the whole environment": () => Deno.env.toObject(),
  "load a library": () => Deno.dlopen("libc.so.6", {}),
};

for (const [what, attempt] of Object.entries(ATTEMPTS)) {
  try {
    attempt();
    console.log(`${what}: allowed`);
  } catch (error) {
    console.log(`${what}: ${(error as Error).name}`);
  }
}
