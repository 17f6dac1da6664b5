/**
 * A VMM can open the devices on its list and no others: by systemd's list, or by its jail's own /dev.
 *
 * @module
 */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { berth, SCRATCH, shell } from "../support/berth.ts";
import { CGROUP_ROOT, startHostJob } from "../support/host/host_jobs.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

/** Which of `<`, `>` a process of a group can do to a device: its list says no, where the node's mode says yes. */
async function opens(group: string, node: string): Promise<string> {
  const script = `echo 0 >"$1/cgroup.procs"
    if (: <"$2") 2>/dev/null; then printf r; fi
    if (: >"$2") 2>/dev/null; then printf w; fi`;
  return await shell(script, group, node);
}

Deno.test("systemd's list: a device of the user's is allowed, and others come and go while the VM runs", async (t) => {
  const flags = ["--accel", "kvm", "--device", "/dev/full:r", "--device", "/dev/vhost-vsock"];
  await using job = await startHostJob({ driver: "systemd", flags });
  const update = (...args: string[]) => berth(["update", job.id, ...args]);
  const tryAll = async (...nodes: string[]) =>
    Object.fromEntries(await Promise.all(nodes.map(async (node) => [node, await opens(job.vmGroup, node)])));

  await t.step("the VM's own devices and the user's are allowed, as far as was said", async () => {
    // Outside of the group each of these can be opened.
    assertEquals(await opens(`${CGROUP_ROOT}/${await ownGroup()}`, "/dev/random"), "rw");
    assertEquals(
      await tryAll("/dev/kvm", "/dev/vhost-vsock", "/dev/null", "/dev/full", "/dev/random", "/dev/nvme0n1"),
      {
        "/dev/kvm": "rw",
        "/dev/vhost-vsock": "rw",
        "/dev/null": "rw",
        "/dev/full": "r",
        "/dev/random": "",
        "/dev/nvme0n1": "",
      },
    );
  });
  await t.step("one more is allowed", async () => {
    const { code, stderr } = await update("--device", "/dev/random");
    assertEquals(code, 0, stderr);
    assertEquals(await tryAll("/dev/random", "/dev/kvm", "/dev/full", "/dev/nvme0n1"), {
      "/dev/random": "rw",
      "/dev/kvm": "rw",
      "/dev/full": "r",
      "/dev/nvme0n1": "",
    });
  });
  await t.step("one is taken away", async () => {
    const { code, stderr } = await update("--device-rm", "/dev/random");
    assertEquals(code, 0, stderr);
    assertEquals(await tryAll("/dev/random", "/dev/full", "/dev/kvm"), {
      "/dev/random": "",
      "/dev/full": "r",
      "/dev/kvm": "rw",
    });
  });
  await t.step("one that is not on the list can't be, and one that is not there can't be allowed", async () => {
    const removed = await update("--device-rm", "/dev/random");
    assertEquals(removed.code, 125, removed.stderr);
    assertMatch(removed.stderr, /\/dev\/random is not among the devices that the VM may use: .*\/dev\/kvm/);
    const added = await update("--device", "/dev/no-such-device");
    assertEquals(added.code, 125, added.stderr);
    assertStringIncludes(added.stderr, "/dev/no-such-device is not a device of this host");
  });
  await job.end();
});

/** The group of this process. */
async function ownGroup(): Promise<string> {
  return (await shell("sed -n s/^0:://p /proc/self/cgroup")).trim();
}

Deno.test("the jail's /dev has /dev/kvm and the user's device, and nothing else of the host", async (t) => {
  const flags = ["--accel", "kvm", "--jail", "require", "--device", "/dev/vhost-vsock"];
  await using job = await startHostJob({ driver: "cgroupfs", flags });
  await t.step("its nodes, folders and links", async () => {
    const nodes: string[] = [];
    const others: string[] = [];
    // Mounted over plain files, which is what find takes them for: it goes by the folder's own word.
    const script = `cd "/proc/$1/root/dev"
      for path in $(find . | sort); do
        # A link leads out of the jail again for whoever follows it from here.
        if [ ! -h $path ] && { [ -c $path ] || [ -b $path ]; }; then echo "$path node"; else echo "$path"; fi
      done`;
    for (const line of (await shell(script, job.qemu)).trim().split("\n")) {
      const [path, node] = line.split(" ");
      (node ? nodes : others).push(path);
    }
    // What bubblewrap always makes: nodes that lead to nothing of the host's.
    const own = ["full", "null", "random", "tty", "urandom", "zero"];
    assertEquals(nodes, [...own, "kvm", "vhost-vsock"].toSorted().map((name) => `./${name}`));
    assertEquals(others, [".", "./core", "./fd", "./ptmx", "./pts", "./shm", "./stderr", "./stdin", "./stdout"]);
    assertEquals(await shell('stat -c %t:%T "/proc/$1/root/dev/kvm"', job.qemu), await shell("stat -c %t:%T /dev/kvm"));
  });
  await t.step("they can't be changed while the VM runs", async () => {
    const { code, stderr } = await berth(["update", job.id, "--device", "/dev/random"]);
    assertEquals(code, 125, stderr);
    assertStringIncludes(stderr, `the devices of job ${job.id} are those of its jail, which can't be changed`);
  });
  await job.end();
});
