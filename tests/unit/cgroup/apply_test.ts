// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../lib/base/errors.ts";
import { applyLimits, checkLimits, readLimits, translateRefusal, updateLimits } from "../../../lib/cgroup/apply.ts";
import { CgroupFsError, type Errno } from "../../../lib/cgroup/cgroup_fs.ts";
import type { Limits } from "../../../lib/cgroup/limits.ts";
import { FakeCgroupFs } from "../../support/cgroup/fake_cgroup_fs.ts";

const MIB = 1024 ** 2;

async function group(lacking: readonly string[] = []): Promise<FakeCgroupFs> {
  const fs = new FakeCgroupFs({ top: "group", devices: ["8:0", "8:16"], cpus: 4, lacking });
  await fs.write("cgroup.subtree_control", "+memory +pids +cpu +io +cpuset");
  await fs.mkdir("vm");
  return fs;
}

async function fails(action: () => Promise<unknown>, code: ErrorCode, words: string): Promise<void> {
  assertEquals((await assertRejects(action, BerthError, words)).code, code);
}

const LIMITS: Required<Limits> = {
  memoryMaxBytes: 64 * MIB,
  memoryHighBytes: 60 * MIB,
  swapMaxBytes: 0,
  pidsMax: 99,
  cpuQuotaPercent: 150,
  cpuWeight: 200,
  ioWeight: 300,
  ioMax: [{ device: "8:0", rbps: 1000, wiops: 5 }, { device: "8:16", wbps: 7 }],
  cpus: "0,2-3",
  mems: "0",
};
const CONTENTS: Readonly<Record<string, string>> = {
  "memory.max": "67108864",
  "memory.high": "62914560",
  "memory.swap.max": "0",
  "pids.max": "99",
  "cpu.max": "150000 100000",
  "cpu.weight": "200",
  "io.weight": "default 300",
  "io.max": "8:0 rbps=1000 wbps=max riops=max wiops=5\n8:16 rbps=max wbps=7 riops=max wiops=max",
  "cpuset.cpus": "0,2-3",
  "cpuset.mems": "0",
};

async function contents(fs: FakeCgroupFs): Promise<Record<string, string>> {
  const files = Object.keys(CONTENTS);
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file, await fs.read(`vm/${file}`)] as const)));
}

Deno.test("applyLimits() puts every limit there is into its file", async () => {
  const fs = await group();
  await applyLimits(fs, "vm", LIMITS);
  assertEquals(await contents(fs), CONTENTS);
  assertEquals(await readLimits(fs, "vm", {}), LIMITS);
});

Deno.test("applyLimits() reads each file back after its write", async () => {
  const fs = await group();
  await applyLimits(fs, "vm", LIMITS);
  const calls = fs.calls.map(({ operation, path }) => `${operation} ${path}`);
  for (const file of Object.keys(CONTENTS)) {
    assertEquals(calls.lastIndexOf(`read vm/${file}`), calls.lastIndexOf(`write vm/${file}`) + 1, file);
  }
});

Deno.test("applyLimits() touches nothing that it was not asked for", async () => {
  const fs = await group();
  const before = await contents(fs);
  await applyLimits(fs, "vm", {});
  assertEquals(await contents(fs), before);
  await applyLimits(fs, "vm", { pidsMax: 5 });
  assertEquals(await contents(fs), { ...before, "pids.max": "5" });
});

Deno.test("applyLimits() takes bytes that the kernel has rounded down to a page for what they are", async () => {
  const fs = await group();
  await applyLimits(fs, "vm", { memoryMaxBytes: 64 * MIB + 1, swapMaxBytes: 4095 });
  assertEquals(await readLimits(fs, "vm", {}), { memoryMaxBytes: 64 * MIB, swapMaxBytes: 0 });
});

const OTHERS: Readonly<Record<string, string>> = {
  ...{ "memory.max": "max", "memory.high": "max", "memory.swap.max": "max", "pids.max": "98" },
  ...{ "cpu.max": "max 100000", "cpu.weight": "100", "io.weight": "default 100", "io.max": "" },
  ...{ "cpuset.cpus": "0-3", "cpuset.mems": "" },
};
for (const [file, content] of Object.entries(OTHERS)) {
  Deno.test(`applyLimits() fails when ${file} reads back as ${JSON.stringify(content)}`, async () => {
    const fs = await group();
    fs.faults.after({ operation: "write", path: `vm/${file}` }, () => fs.setContent(`vm/${file}`, content));
    await fails(() => applyLimits(fs, "vm", LIMITS), "host.limits", `${file} should be `);
  });
  Deno.test(`checkLimits() fails when somebody has made ${file} ${JSON.stringify(content)}`, async () => {
    const fs = await group();
    await applyLimits(fs, "vm", LIMITS);
    await checkLimits(fs, "vm", LIMITS);
    fs.setContent(`vm/${file}`, content);
    await fails(() => checkLimits(fs, "vm", LIMITS), "host.limits", `kernel has made it ${content || "nothing"}`);
  });
}

const CODES: readonly (readonly [Errno, ErrorCode])[] = [
  ...([["EROFS", "cgroup.read-only"], ["EACCES", "cgroup.denied"], ["EPERM", "cgroup.denied"]] as const),
  ...(["EINVAL", "ERANGE", "ENODEV", "ENOENT"] as const).map((errno) => [errno, "host.limits"] as const),
];
for (const [errno, code] of CODES) {
  Deno.test(`applyLimits() says ${code} when a write is refused with ${errno}`, async () => {
    const fs = await group();
    fs.faults.refuse(errno, { operation: "write", path: "vm/pids.max" });
    await fails(() => applyLimits(fs, "vm", LIMITS), code, `pids.max can't be set to 99: ${errno}`);
  });
}

Deno.test("translateRefusal() leaves alone what it has no words for", () => {
  for (const error of [new CgroupFsError("write", "a", "EIO"), new TypeError("x")]) {
    assertEquals(translateRefusal(error, "a"), error);
  }
});

Deno.test("applyLimits() refuses a CPU that is not there, and says which ones are", async () => {
  const fs = await group();
  // The real kernel leaves out in silence what could be there and is not.
  fs.faults.after({ operation: "write", path: "vm/cpuset.cpus" }, () => {
    fs.setContent("vm/cpuset.cpus.effective", "1-2");
  });
  await fails(() => applyLimits(fs, "vm", { cpus: "0,2-3" }), "usage.value", "CPU 0, 3 is not there; there is 1-2");
});

Deno.test("applyLimits() says the same of a CPU that no host of this kernel could have, and of memory nodes", async () => {
  const fs = await group();
  await fails(() => applyLimits(fs, "vm", { cpus: "2-4" }), "usage.value", "CPU 4 is not there; there is 0-3");
  fs.setContent("vm/cpuset.mems.effective", "1");
  await fails(() => applyLimits(fs, "vm", { mems: "0" }), "usage.value", "memory node 0 is not there; there is 1");
});

Deno.test("updateLimits() changes what is asked for, and leaves the rest", async () => {
  const fs = await group();
  await applyLimits(fs, "vm", LIMITS);
  await updateLimits(fs, "vm", { memoryMaxBytes: 80 * MIB, cpus: "1" });
  assertEquals(await contents(fs), { ...CONTENTS, "memory.max": "83886080", "cpuset.cpus": "1" });
});

Deno.test("updateLimits() refuses less memory than is used, with both numbers, and changes nothing", async () => {
  const fs = await group();
  await applyLimits(fs, "vm", LIMITS);
  fs.setContent("vm/memory.current", String(50 * MIB));
  const words = "memory.max can't become 41943040 bytes (40 MiB): the VM uses 52428800 bytes (50 MiB) now";
  await fails(() => updateLimits(fs, "vm", { pidsMax: 1, memoryMaxBytes: 40 * MIB }), "host.limits", words);
  assertEquals(await contents(fs), CONTENTS);
  await updateLimits(fs, "vm", { memoryMaxBytes: 50 * MIB });
});

Deno.test("updateLimits() puts everything back when a later limit is refused", async () => {
  const fs = await group();
  const disks = [{ device: "8:0", rbps: 1 }];
  const half = { ...LIMITS, ioMax: disks, cpus: "0-1", mems: undefined };
  await applyLimits(fs, "vm", half);
  const before = await contents(fs);
  const update: Limits = {
    ...{ memoryMaxBytes: 70 * MIB, memoryHighBytes: 61 * MIB, swapMaxBytes: MIB, pidsMax: 5, cpuQuotaPercent: 20 },
    ...{ cpuWeight: 1, ioWeight: 2, cpus: "0-3", mems: "1" },
    ioMax: [{ device: "8:0", wbps: 3 }, { device: "8:16", riops: 4 }],
  };
  await fails(() => updateLimits(fs, "vm", update), "host.limits", "cpuset.mems can't be set to 1: EINVAL");
  assertEquals(await contents(fs), before);
});

Deno.test("updateLimits() puts back a disk's limit when the next disk is none", async () => {
  const fs = await group();
  await fs.write("vm/io.weight", "8:16 55");
  const update: Limits = { ioWeight: 7, ioMax: [{ device: "8:0", wbps: 3 }, { device: "9:9", riops: 4 }] };
  await fails(() => updateLimits(fs, "vm", update), "host.limits", "io.max can't be set to 9:9 riops=4: ENODEV");
  assertEquals([await fs.read("vm/io.max"), await fs.read("vm/io.weight")], ["", "default 100\n8:16 55"]);
});

Deno.test("updateLimits() puts back what was absent: a group that had every CPU has every CPU again", async () => {
  const fs = await group();
  await fails(() => updateLimits(fs, "vm", { pidsMax: 7, cpus: "0", mems: "1" }), "host.limits", "cpuset.mems");
  assertEquals([await fs.read("vm/cpuset.cpus"), await fs.read("vm/pids.max")], ["", "max"]);
});

Deno.test("updateLimits() says which file the group does not have", async () => {
  const fs = await group(["memory.swap.max"]);
  const update = { pidsMax: 7, swapMaxBytes: 0 };
  await fails(() => updateLimits(fs, "vm", update), "cgroup.controller", "the VM's group has no vm/memory.swap.max");
  assertEquals(await fs.read("vm/pids.max"), "max");
});

Deno.test("readLimits() of a group without limits has none, but the weights that were asked for", async () => {
  const fs = await group();
  assertEquals(await readLimits(fs, "vm", {}), {});
  assertEquals(await readLimits(fs, "vm", { cpuWeight: 7, ioWeight: 8 }), { cpuWeight: 100, ioWeight: 100 });
});

Deno.test("readLimits() leaves out what the group has no file for, and reads what others have written", async () => {
  const fs = await group(["memory.swap.max"]);
  await fs.write("vm/cpu.max", "5000 20000");
  await fs.write("vm/io.weight", "8:0 66");
  await fs.write("vm/io.max", "8:16 riops=9");
  assertEquals(await readLimits(fs, "vm", { swapMaxBytes: 0 }), {
    cpuQuotaPercent: 25,
    ioMax: [{ device: "8:16", riops: 9 }],
  });
});
