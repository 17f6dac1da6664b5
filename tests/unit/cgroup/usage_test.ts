// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { CgroupFsError } from "../../../lib/cgroup/cgroup_fs.ts";
import { type GroupUsage, parseKeys, readIfThere, readUsage } from "../../../lib/cgroup/usage.ts";
import { FakeCgroupFs } from "../../support/cgroup/fake_cgroup_fs.ts";

/** A different number in every place, so that none can stand for another. */
const CONTENTS: Readonly<Record<string, string>> = {
  "memory.events": "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6",
  "memory.events.local": "low 11\nhigh 12\nmax 13\noom 14\noom_kill 15\noom_group_kill 16",
  "memory.peak": "1048576",
  "pids.events": "max 21",
  "cpu.stat":
    "usage_usec 31499\nuser_usec 32000\nsystem_usec 33000\nnr_periods 34\nnr_throttled 35\nthrottled_usec 36500",
  "io.stat": "8:0 rbytes=41 wbytes=42 rios=43 wios=44 dbytes=45 dios=46\n259:0 rbytes=100 wbytes=200 rios=1 wios=2",
  "cpu.pressure":
    "some avg10=0.00 avg60=1.00 avg300=0.50 total=51000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=52000",
  "memory.pressure":
    "some avg10=0.00 avg60=1.00 avg300=0.50 total=61000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=62000",
  "io.pressure":
    "some avg10=0.00 avg60=1.00 avg300=0.50 total=71000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=72000",
};

const USAGE: GroupUsage = {
  oomKills: 5,
  oomGroupKills: 6,
  ownOoms: 14,
  memoryHighEvents: 2,
  memoryPeakBytes: 1_048_576,
  pidsLimitHits: 21,
  cpuMs: 31,
  cpuThrottledPeriods: 35,
  cpuThrottledMs: 37,
  ioReadBytes: 141,
  ioWrittenBytes: 242,
  cpuPressure: { someMs: 51, fullMs: 52 },
  memoryPressure: { someMs: 61, fullMs: 62 },
  ioPressure: { someMs: 71, fullMs: 72 },
};

async function group(lacking: readonly string[] = []): Promise<FakeCgroupFs> {
  const fs = new FakeCgroupFs({ top: "group", lacking });
  await fs.write("cgroup.subtree_control", "+memory +pids +cpu +io");
  await fs.mkdir("vm");
  for (const [file, content] of Object.entries(CONTENTS)) {
    if (!lacking.includes(file)) fs.setContent(`vm/${file}`, content);
  }
  return fs;
}

Deno.test("readUsage() reads each number from its file", async () => {
  assertEquals(await readUsage(await group(), "vm"), USAGE);
});

const FIELDS_OF: Readonly<Record<string, readonly (keyof GroupUsage)[]>> = {
  "memory.events": ["oomKills", "oomGroupKills", "memoryHighEvents"],
  "memory.events.local": ["ownOoms"],
  "memory.peak": ["memoryPeakBytes"],
  "pids.events": ["pidsLimitHits"],
  "cpu.stat": ["cpuMs", "cpuThrottledPeriods", "cpuThrottledMs"],
  "io.stat": ["ioReadBytes", "ioWrittenBytes"],
  "cpu.pressure": ["cpuPressure"],
  "memory.pressure": ["memoryPressure"],
  "io.pressure": ["ioPressure"],
};
for (const [file, fields] of Object.entries(FIELDS_OF)) {
  const without: GroupUsage = { ...USAGE, ...Object.fromEntries(fields.map((field) => [field, undefined])) };
  Deno.test(`readUsage() leaves open what it does not know without ${file}, and knows the rest`, async () => {
    assertEquals(await readUsage(await group([file]), "vm"), without);
  });
  Deno.test(`readUsage() leaves open what is garbage in ${file}`, async () => {
    const fs = await group();
    fs.setContent(`vm/${file}`, "not what\nanybody expects -1\n\nsome total\nkey 12x");
    const empty = file === "io.stat" ? { ioReadBytes: 0, ioWrittenBytes: 0 } : {};
    const pressure = Object.fromEntries(
      fields.filter((field) => field.endsWith("Pressure")).map((
        field,
      ) => [field, { someMs: undefined, fullMs: undefined }]),
    );
    assertEquals(await readUsage(fs, "vm"), { ...without, ...empty, ...pressure });
  });
}

Deno.test("readUsage() does without pressure where the kernel does not account for it", async () => {
  const fs = await group();
  fs.faults.refuse("EOPNOTSUPP", { operation: "read", path: /\.pressure$/ });
  const none = { cpuPressure: undefined, memoryPressure: undefined, ioPressure: undefined };
  assertEquals(await readUsage(fs, "vm"), { ...USAGE, ...none });
});

Deno.test("readUsage() knows that a group without lines in io.stat has done no I/O", async () => {
  const fs = await group();
  fs.setContent("vm/io.stat", "");
  assertEquals(await readUsage(fs, "vm"), { ...USAGE, ioReadBytes: 0, ioWrittenBytes: 0 });
});

Deno.test("readUsage() knows the half of a file that an older kernel has", async () => {
  const fs = await group();
  // Linux before 5.17 and 5.13.
  fs.setContent("vm/memory.events", "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5");
  fs.setContent("vm/cpu.pressure", "some avg10=0.00 avg60=1.00 avg300=0.50 total=51000");
  const older = { oomGroupKills: undefined, cpuPressure: { someMs: 51, fullMs: undefined } };
  assertEquals(await readUsage(fs, "vm"), { ...USAGE, ...older });
});

Deno.test("readUsage() of a group without controllers knows what every group has", async () => {
  const fs = new FakeCgroupFs({ top: "group" });
  await fs.mkdir("bare");
  const { cpuMs, oomKills, memoryPeakBytes, pidsLimitHits, ioReadBytes } = await readUsage(fs, "bare");
  assertEquals([cpuMs, oomKills, memoryPeakBytes, pidsLimitHits, ioReadBytes], [0, ...Array(4).fill(undefined)]);
});

Deno.test("readIfThere() passes on what does not mean that a file is absent", async () => {
  const fs = await group();
  for (const errno of ["ENOENT", "ENODEV", "EOPNOTSUPP"] as const) {
    using _fault = fs.faults.refuse(errno, { path: "vm/memory.peak" });
    assertEquals(await readIfThere(fs, "vm/memory.peak"), undefined);
  }
  for (const errno of ["EACCES", "EIO", "EPERM", "unknown"] as const) {
    using _fault = fs.faults.refuse(errno, { path: "vm/memory.peak" });
    assertEquals((await assertRejects(() => readIfThere(fs, "vm/memory.peak"), CgroupFsError)).errno, errno);
  }
  assertEquals(await readIfThere(fs, "vm/memory.peak"), "1048576");
});

Deno.test("parseKeys() takes lines of a key and a number, and nothing for nothing", () => {
  assertEquals(parseKeys("a 1\nb\nc 2 3\nd x\n\ne 0"), { a: 1, d: undefined, e: 0 });
  assertEquals(parseKeys(undefined), {});
});
