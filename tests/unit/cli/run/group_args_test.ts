// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../../lib/base/errors.ts";
import { limitsOf, tenantOf } from "../../../../lib/job/request/group.ts";
import type { JobRequest } from "../../../../lib/job/request/request.ts";
import { GROUP_KEYS } from "../../../../lib/job/request/together.ts";
import { isJobFlag } from "../../../../lib/cli/line/flag.ts";
import { RUN_FLAGS } from "../../../../lib/cli/line/run_flags.ts";
import { parseRunArgs } from "../../../../lib/cli/run/args.ts";

const MIB = 1024 ** 2;

function parse(...argv: string[]): JobRequest {
  return parseRunArgs(argv, Infinity).request;
}

/** What of a request is about its group. */
function groupOf(request: JobRequest) {
  const { limits, cgroupParent, cgroupDriver, devices } = request;
  return { limits, group: limitsOf(request), tenant: tenantOf(request), cgroupParent, cgroupDriver, devices };
}

Deno.test("parseRunArgs() asks nothing of a group by default", () => {
  assertEquals(groupOf(parse()), {
    limits: "auto",
    group: {},
    tenant: undefined,
    cgroupParent: "self",
    cgroupDriver: "auto",
    devices: [],
  });
});

Deno.test("parseRunArgs() understands every flag of a group", () => {
  const flags = [
    ...["--limits=require", "--memory-high=300M", "--swap=1G", "--cpu-quota=150", "--cpu-weight=50", "--io-weight=20"],
    ...["--io-max=8:0:rbps=10M,wbps=1G,riops=100,wiops=50", "--io-max=/dev/vdb:wiops=7", "--cpuset=0-3,8"],
    ...["--cpuset-mems=0", "--tenant=acme/web", "--tenant-memory=4G", "--tenant-swap=0", "--tenant-pids=1000"],
    ...["--tenant-cpu-quota=400", "--cgroup-parent=ci.slice:berth:j1", "--cgroup-driver=systemd"],
    ...["--device=/dev/fuse:rw", "--device=/dev/net/tun"],
  ];
  assertEquals(groupOf(parse(...flags)), {
    limits: "require",
    group: {
      memoryHighBytes: 300 * MIB,
      swapMaxBytes: 1024 * MIB,
      cpuQuotaPercent: 150,
      cpuWeight: 50,
      ioWeight: 20,
      ioMax: [
        { device: "8:0", rbps: 10 * MIB, wbps: 1024 * MIB, riops: 100, wiops: 50 },
        { device: "vdb", wiops: 7 },
      ],
      cpus: "0-3,8",
      mems: "0",
    },
    tenant: {
      name: "acme/web",
      limits: { memoryMaxBytes: 4096 * MIB, swapMaxBytes: 0, pidsMax: 1000, cpuQuotaPercent: 400 },
    },
    cgroupParent: "ci.slice:berth:j1",
    cgroupDriver: "systemd",
    devices: ["/dev/fuse:rw", "/dev/net/tun"],
  });
});

const LIMITS: [flag: string, limits: Partial<JobRequest>][] = [
  ["--swap=0", { swapBytes: 0 }],
  ["--memory-high=96M", { memoryHighBytes: 96 * MIB }],
  ["--cpu-quota=0", { cpuQuotaPercent: 0 }],
  ["--cpu-quota=1", { cpuQuotaPercent: 1 }],
  ["--cpu-quota=100000", { cpuQuotaPercent: 100_000 }],
  ["--cpu-weight=1", { cpuWeight: 1 }],
  ["--io-weight=10000", { ioWeight: 10_000 }],
  ["--io-max=sda:riops=4294967294", { ioMax: [{ device: "sda", riops: 4_294_967_294 }] }],
  ["--io-max=/dev/sda:rbps=1", { ioMax: [{ device: "sda", rbps: 1 }] }],
  ["--io-max=08:0016:wbps=1K", { ioMax: [{ device: "8:16", wbps: 1024 }] }],
  ["--io-max=nvme0n1:wbps=2M,rbps=1M", { ioMax: [{ device: "nvme0n1", rbps: MIB, wbps: 2 * MIB }] }],
  ["--io-max=/dev/mapper/vg-ci:wiops=1", { ioMax: [{ device: "/dev/mapper/vg-ci", wiops: 1 }] }],
  [
    "--io-max=/dev/disk/by-path/pci-0000:00:1f.2-ata-1:wiops=1",
    { ioMax: [{ device: "/dev/disk/by-path/pci-0000:00:1f.2-ata-1", wiops: 1 }] },
  ],
];
for (const [flag, limits] of LIMITS) {
  Deno.test(`parseRunArgs() reads ${flag}, and nothing that was not given`, () => {
    assertEquals(parse(flag), { ...parse(), ...limits });
  });
}

Deno.test("parseRunArgs() takes a tenant without limits", () => {
  assertEquals(parse("--tenant=Ünïcode & co").tenant, { name: "Ünïcode & co" });
});

/** A right value of each kind of value that a group's flags have. */
const RIGHT: Readonly<Record<string, string>> = {
  ...{ SIZE: "1G", N: "100", PERCENT: "100", "DEV:KEY=RATE[,…]": "sda:rbps=1", LIST: "0", NAME: "a" },
  ...{ "self|PATH|SLICE:PREFIX:NAME": "self", "auto|cgroupfs|systemd": "auto", "PATH[:rwm]": "/dev/fuse" },
};

const GROUP_FLAGS = RUN_FLAGS.filter(isJobFlag).filter(({ key }) => GROUP_KEYS.includes(key));

Deno.test("GROUP_KEYS are the keys of berth run's flags that have no sense without a group", () => {
  const limits = ["pids", "memory-high", "swap", "cpu-quota", "cpu-weight", "io-weight", "io-max", "cpuset"];
  const tenant = ["tenant", "tenant-memory", "tenant-swap", "tenant-pids", "tenant-cpu-quota"];
  const place = ["cgroup-parent", "cgroup-driver", "supervisor-memory", "device", "cpuset-mems"];
  assertEquals(GROUP_FLAGS.map(({ name }) => name).toSorted(), [...limits, ...tenant, ...place].toSorted());
  assertEquals(GROUP_FLAGS.length, GROUP_KEYS.length);
});

for (const { name, value } of GROUP_FLAGS) {
  Deno.test(`parseRunArgs() refuses --${name} with --limits off`, () => {
    const tenant = name.startsWith("tenant-") ? ["--tenant=a"] : [];
    const argv = ["--limits=off", ...tenant, `--${name}=${RIGHT[value!]}`, "x"];
    const words = `--limits off would leave out ${
      tenant.length ? "--tenant and " : ""
    }--${name}; give one or the other`;
    assertEquals(assertThrows(() => parse(...argv), BerthError, words).code, "usage.flag");
  });
}

Deno.test("parseRunArgs() names everything that --limits off would leave out", () => {
  const words = "--limits off would leave out --pids and --swap and --device; give one or the other";
  assertThrows(() => parse("--device=/dev/a", "--swap=0", "--limits=off", "--pids=20"), BerthError, words);
  assertEquals(parse("--limits=off").limits, "off");
});

for (const limit of ["--tenant-memory=1G", "--tenant-swap=0", "--tenant-pids=100", "--tenant-cpu-quota=100"]) {
  Deno.test(`parseRunArgs() refuses ${limit} of no tenant`, () => {
    const error = assertThrows(() => parse(limit), BerthError, `${limit.split("=")[0]} needs --tenant NAME`);
    assertEquals(error.code, "usage.flag");
  });
}

const WRONG: [flag: string, words: string, code?: ErrorCode][] = [
  ["--limits=on", '--limits: "on" is not one of auto, require, off'],
  ["--swap=none", '--swap: "none" is not a size'],
  ["--swap=-1", '--swap: "-1" is not a size'],
  ["--memory-high=95M", "--memory-high: 95M is too little for a guest; give it 96M at least"],
  ["--cpu-quota=100001", "from 1 to 100000"],
  ["--cpu-quota=1.5", "--cpu-quota"],
  ["--cpu-quota=50%", "--cpu-quota"],
  ["--cpu-weight=0", '--cpu-weight: "0" is not a whole number from 1 to 10000'],
  ["--io-weight=10001", '--io-weight: "10001" is not a whole number from 1 to 10000'],
  ["--cpuset=3-1", '--cpuset: "3-1" is not a list; write 0-3 or 0,2'],
  ["--cpuset=0,", "--cpuset"],
  ["--cpuset-mems=all", '--cpuset-mems: "all" is not a list'],
  ["--io-max=sda", '--io-max: "sda" has no rate in "sda"; write DEV:KEY=RATE, as in sda:rbps=10M,wiops=500'],
  ["--io-max=8:0", 'has no rate in "0"'],
  ["--io-max=sda:", 'has no rate in ""'],
  ["--io-max=sda:rbps", 'has no rate in "rbps"'],
  ["--io-max=sda:rbps=", 'has no rate in "rbps="'],
  ["--io-max=sda:rbps=1,", 'has no rate in ""'],
  ["--io-max=sda:rbps=1=2", 'has no rate in "rbps=1=2"'],
  ["--io-max=sda:bps=1", 'has no rate in "bps=1"; write DEV:KEY=RATE'],
  ["--io-max=sda:toString=1", "has no rate in"],
  ["--io-max=rbps=1", "has no rate in"],
  ["--io-max=sda:rbps=1,rbps=2", "has rbps more than once"],
  ["--io-max=sda:rbps=0", "--io-max rbps: the kernel takes no rate of 0"],
  ["--io-max=sda:rbps=fast", '--io-max rbps: "fast" is not a size'],
  ["--io-max=sda:wiops=0", '--io-max wiops: "0" is not a whole number from 1'],
  ["--io-max=sda:wiops=1K", '--io-max wiops: "1K" is not a whole number'],
  ["--io-max=sda:riops=4294967295", "from 1 to 4294967294"],
  ["--io-max=:rbps=1", "names no disk: that is MAJOR:MINOR, a path in /dev, or a name like sda"],
  ["--io-max=/sys/block/sda:rbps=1", "names no disk"],
  ["--io-max=dev/sda:rbps=1", "names no disk"],
  ["--io-max=/dev/:rbps=1", "names no disk"],
  ["--io-max=/dev/../etc/x:rbps=1", "names no disk"],
  ["--io-max=/dev/a/..:rbps=1", "names no disk"],
  ["--io-max=..:rbps=1", "names no disk"],
  ["--io-max=/dev/a//b:rbps=1", "names no disk"],
  ["--io-max=s da:rbps=1", "names no disk"],
  ["--io-max=8:x:rbps=1", "names no disk"],
  ["--tenant=///", '--tenant: "///" is not a tenant\'s name; use up to 128 characters'],
  ["--tenant=日本語", "is not a tenant's name"],
  ["--tenant=a\nb", '"a\\nb" is not a tenant\'s name'],
  [`--tenant=${"x".repeat(129)}`, "up to 128 characters"],
  ["--cgroup-driver=docker", '--cgroup-driver: "docker" is not one of auto, cgroupfs, systemd'],
  ["--cgroup-parent=ci", '--cgroup-parent: "ci" is a relative path', "cgroup.form"],
];
for (const [flag, words, code = "usage.value"] of WRONG) {
  Deno.test(`parseRunArgs() refuses ${JSON.stringify(flag.slice(0, 50))}, and says what would be right`, () => {
    assertEquals(assertThrows(() => parse(flag), BerthError, words).code, code);
  });
}

Deno.test("parseRunArgs() reads the parent in the light of the driver, whichever comes first", () => {
  const path = ["--cgroup-parent=/sys/fs/cgroup/ci", "--cgroup-driver=systemd"];
  for (const argv of [path, path.toReversed()]) {
    assertEquals(assertThrows(() => parse(...argv), BerthError, "SLICE:PREFIX:NAME").code, "cgroup.form");
  }
  assertEquals(parse(path[0]).cgroupParent, "/sys/fs/cgroup/ci");
});

for (const [first, second] of [["sda", "/dev/sda"], ["8:0", "08:00"], ["/dev/mapper/a", "/dev/mapper/a"]]) {
  Deno.test(`parseRunArgs() refuses rates of ${first} and again of ${second}`, () => {
    const argv = [`--io-max=${first}:rbps=1`, "--io-max=sdz:rbps=1", `--io-max=${second}:wbps=1`];
    const words = `--io-max: ${first} is named more than once; write ${first}:KEY=RATE,KEY=RATE`;
    assertThrows(() => parse(...argv), BerthError, words);
  });
}
