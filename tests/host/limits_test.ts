/**
 * Every limit that can be asked for is in force while the VM runs, and is what the report says.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { groupName } from "../../lib/cgroup/names.ts";
import { tenantSlice } from "../../lib/cgroup/systemd/properties.ts";
import { SCRATCH, shell } from "../support/berth.ts";
import { DRIVERS, type HostJob, readFiles, startHostJob } from "../support/host/host_jobs.ts";

const MIB = 1024 ** 2;
const TENANT = "acme/ci";

await Deno.mkdir(SCRATCH, { recursive: true });

/** See scripts/test_host/vm.ts. */
const DISK = (await shell("cat /sys/block/nvme0n1/dev")).trim();

const FLAGS = [
  ...["--memory", "128M", "--memory-high", "200M", "--swap", "0", "--pids", "120"],
  ...["--cpu-quota", "150", "--cpu-weight", "50", "--io-weight", "60", "--io-max", "nvme0n1:rbps=100M,wiops=1000"],
  ...["--cpuset", "0-1", "--cpuset-mems", "0", "--tenant", TENANT, "--tenant-memory", "1G", "--tenant-pids", "1000"],
  ...["--name", "nightly"],
];

/** Each limit: its value in the report, its file, and what the kernel says there. The VMM has 96 MiB of its own. */
const LIMITS: readonly (readonly [name: string, value: unknown, file: string, content: string])[] = [
  ["memoryMaxBytes", 224 * MIB, "memory.max", String(224 * MIB)],
  ["memoryHighBytes", 200 * MIB, "memory.high", String(200 * MIB)],
  ["swapMaxBytes", 0, "memory.swap.max", "0"],
  ["pidsMax", 120, "pids.max", "120"],
  ["cpuQuotaPercent", 150, "cpu.max", "150000 100000"],
  ["cpuWeight", 50, "cpu.weight", "50"],
  ["ioWeight", 60, "io.weight", "default 60"],
  [
    "ioMax",
    [{ device: DISK, rbps: 100 * MIB, wiops: 1000 }],
    "io.max",
    `${DISK} rbps=104857600 wbps=max riops=max wiops=1000`,
  ],
  ["cpus", "0-1", "cpuset.cpus", "0-1"],
  ["mems", "0", "cpuset.mems", "0"],
];

/** What `systemctl show` says of the same. */
const PROPERTIES = {
  MemoryMax: String(224 * MIB),
  MemoryHigh: String(200 * MIB),
  MemorySwapMax: "0",
  TasksMax: "120",
  CPUQuotaPerSecUSec: "1.500000s",
  CPUWeight: "50",
  IOWeight: "60",
  IOReadBandwidthMax: `/dev/block/${DISK} 104857600`,
  IOWriteIOPSMax: `/dev/block/${DISK} 1000`,
  AllowedCPUs: "0-1",
  AllowedMemoryNodes: "0",
  Slice: tenantSlice("berth.slice", TENANT),
};

for (const driver of DRIVERS) {
  Deno.test(`every limit is in force while the VM runs, and is the report's: ${driver}`, async () => {
    await using job = await startHostJob({ driver, flags: FLAGS });
    const files = LIMITS.map(([, , file, content]) => [file, content]);
    assertEquals(await readFiles(job.record.cgroup, files.map(([file]) => file)), Object.fromEntries(files));
    // The kernel ends a VM as a whole.
    assertEquals((await readFiles(job.vmGroup, ["memory.oom.group"]))["memory.oom.group"], "1");
    await expectTenant(job);
    assertEquals(await groupsOfQemu(job), [job.vmGroup]);
    if (driver === "systemd") assertEquals(await showUnit(job), PROPERTIES);
    const { limits, usage, cgroup, unit } = await job.end();
    assertEquals([cgroup, unit], [job.record.cgroup, job.record.unit]);
    assertEquals(cgroup!.includes(`-nightly-${job.id}`), true, cgroup);
    const enforcedBy = driver === "systemd" ? "systemd" : "cgroup";
    const expected = LIMITS.map(([name, value]) => [name, { value, enforcedBy }]);
    assertEquals(limits as unknown, Object.fromEntries(expected));
    assertEquals([usage.cpuMs! > 0, usage.memoryPeakBytes! > 32 * MIB, usage.oomKills], [true, true, 0]);
  });
}

/** The level above has the tenant's caps, and hands on what the VM's limits need. */
async function expectTenant({ record }: HostJob): Promise<void> {
  const slash = record.cgroup.lastIndexOf("/");
  const tenant = record.cgroup.slice(0, slash);
  const name = record.driver === "systemd" ? tenantSlice("berth.slice", TENANT) : groupName("tenant", TENANT);
  assertEquals(tenant.slice(tenant.lastIndexOf("/") + 1), name);
  const files = await readFiles(tenant, ["memory.max", "pids.max", "cgroup.subtree_control"]);
  assertEquals([files["memory.max"], files["pids.max"]], [String(1024 * MIB), "1000"]);
  assertEquals(files["cgroup.subtree_control"].split(" ").toSorted(), ["cpu", "cpuset", "io", "memory", "pids"]);
}

/**
 * The groups of all threads of QEMU and its jail; the VM's group has no others but the shell that leads the jail, and
 * KVM's own, which are the kernel's.
 */
async function groupsOfQemu({ vmGroup }: HostJob): Promise<string[]> {
  const script = `
    for pid in $(pgrep -x 'qemu-system-x86|bwrap'); do cat /proc/$pid/task/*/cgroup; done | sort -u | sed 's|^0::|/sys/fs/cgroup|'
    for pid in $(cat "$1/cgroup.procs"); do
      read -r name </proc/$pid/comm
      case $name in qemu-system-x86 | bwrap | busybox | kvm-*) ;; *) echo "and $name" ;; esac
    done`;
  return (await shell(script, vmGroup)).trim().split("\n");
}

async function showUnit({ record }: HostJob): Promise<Record<string, string>> {
  const flags = Object.keys(PROPERTIES).map((name) => `-p ${name}`).join(" ");
  const lines = (await shell(`systemctl show ${flags} -- "$1"`, record.unit!)).trim().split("\n");
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}
