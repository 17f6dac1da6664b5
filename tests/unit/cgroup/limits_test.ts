// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import {
  isDiskNumber,
  type Limits,
  limitsIn,
  parseList,
  planWrites,
  quotaMicros,
  withDiskNumbers,
} from "../../../lib/cgroup/limits.ts";

Deno.test("planWrites() is these writes for every limit there is, the host's own safety first", () => {
  const writes = planWrites({
    mems: "0",
    cpus: "0,1",
    ioMax: [{ device: "8:0", rbps: 1000, wiops: 5 }, { device: "8:16", wbps: 7, riops: 8 }],
    ioWeight: 300,
    cpuWeight: 200,
    cpuQuotaPercent: 150,
    pidsMax: 256,
    swapMaxBytes: 0,
    memoryHighBytes: 900_000,
    memoryMaxBytes: 1_000_000,
  });
  assertEquals(writes.map(({ limit, file, value }) => [limit, file, value]), [
    ["memoryMaxBytes", "memory.max", "1000000"],
    ["memoryHighBytes", "memory.high", "900000"],
    ["swapMaxBytes", "memory.swap.max", "0"],
    ["pidsMax", "pids.max", "256"],
    ["cpuQuotaPercent", "cpu.max", "150000 100000"],
    ["cpuWeight", "cpu.weight", "200"],
    ["ioWeight", "io.weight", "300"],
    ["ioMax", "io.max", "8:0 rbps=1000 wiops=5"],
    ["ioMax", "io.max", "8:16 wbps=7 riops=8"],
    ["cpus", "cpuset.cpus", "0,1"],
    ["mems", "cpuset.mems", "0"],
  ]);
});

Deno.test("planWrites() is nothing for what is not limited, and a swap limit of 0 is one", () => {
  assertEquals(planWrites({}), []);
  assertEquals(limitsIn({ memoryMaxBytes: undefined, swapMaxBytes: 0, pidsMax: 0 }), ["swapMaxBytes", "pidsMax"]);
});

const IN_FORCE: [what: string, limits: Limits, content: string, expected: boolean][] = [
  ["exact bytes", { memoryMaxBytes: 1_048_576 }, "1048576", true],
  ["bytes down to a page of 4 KiB", { memoryMaxBytes: 1_048_577 }, "1048576", true],
  ["bytes down to a page of 64 KiB", { memoryMaxBytes: 131_071 }, "65536", true],
  ["a page too few", { memoryMaxBytes: 131_072 }, "65536", false],
  ["more than was asked for", { memoryMaxBytes: 1_048_576 }, "1052672", false],
  ["no limit", { memoryMaxBytes: 1_048_576 }, "max", false],
  ["an empty file", { memoryMaxBytes: 0 }, "", false],
  ["no swap", { swapMaxBytes: 0 }, "0", true],
  ["unlimited swap", { swapMaxBytes: 0 }, "max", false],
  ["the number", { pidsMax: 10 }, "10", true],
  ["another number", { pidsMax: 10 }, "100", false],
  ["quota and period", { cpuQuotaPercent: 50 }, "50000 100000", true],
  ["no quota", { cpuQuotaPercent: 0 }, "max 100000", true],
  ["a quota where there is to be none", { cpuQuotaPercent: 0 }, "50000 100000", false],
  ["the quota in another period", { cpuQuotaPercent: 50 }, "50000 50000", false],
  ["the default above a disk's weight", { ioWeight: 50 }, "default 50\n8:0 77", true],
  ["a disk's weight alone", { ioWeight: 77 }, "default 50\n8:0 77", false],
  ["the disk's line", { ioMax: [{ device: "8:0", rbps: 5 }] }, "8:16 rbps=9\n8:0 rbps=5 wbps=max", true],
  ["another disk's line", { ioMax: [{ device: "8:0", rbps: 5 }] }, "8:01 rbps=5", false],
  ["a longer rate", { ioMax: [{ device: "8:0", rbps: 5 }] }, "8:0 rbps=50", false],
  ["no line", { ioMax: [{ device: "8:0", rbps: 5 }] }, "", false],
  ["the same list, written differently", { cpus: "0,1,2,5" }, "0-2,5", true],
  ["another list", { cpus: "0-2" }, "0-1", false],
  ["an empty list", { cpus: "0" }, "", false],
];
for (const [what, limits, content, expected] of IN_FORCE) {
  Deno.test(`planWrites(): ${what} is ${expected ? "" : "not "}in force as ${JSON.stringify(content)}`, () => {
    assertEquals(planWrites(limits).map(({ isInForce }) => isInForce(content)), [expected]);
  });
}

Deno.test("quotaMicros() is of a period of 100 ms, and never below what the kernel takes", () => {
  assertEquals([100, 250, 33.333, 1, 0.5, 0].map(quotaMicros), [100_000, 250_000, 33_333, 1000, 1000, 1000]);
});

Deno.test("parseList() reads what the kernel writes, each number once", () => {
  for (const [text, numbers] of [["0", [0]], ["0-3,8", [0, 1, 2, 3, 8]], ["8,0-1,1", [0, 1, 8]]] as const) {
    assertEquals(parseList(text, "cpuset.cpus"), [...numbers]);
  }
});

for (const text of ["", ",", "0,", "a", "-1", "3-1", "0-", "0--1", "1 2", "0-3:1/2", "12345", "0-99999", "0\n"]) {
  Deno.test(`parseList() refuses ${JSON.stringify(text)}, and names whose value it is`, () => {
    const { code } = assertThrows(() => parseList(text, "--cpuset"), BerthError, `--cpuset: "${text}" is not a list`);
    assertEquals(code, "usage.value");
  });
}

Deno.test("withDiskNumbers() puts numbers for names, and leaves numbers as they are", () => {
  const limits = { pidsMax: 3, ioMax: [{ device: "sda", rbps: 1 }, { device: "8:16", wbps: 2 }] };
  assertEquals<Limits>(withDiskNumbers(limits, new Map([["sda", "8:0"], ["8:16", "9:9"]]), "--io-max"), {
    pidsMax: 3,
    ioMax: [{ device: "8:0", rbps: 1 }, { device: "8:16", wbps: 2 }],
  });
  assertEquals<Limits>(withDiskNumbers({ pidsMax: 3 }, new Map(), "--io-max"), { pidsMax: 3 });
  assertEquals(["8:0", "259:12", "sda", "8:", "/dev/8:0"].map(isDiskNumber), [true, true, false, false, false]);
});

Deno.test("withDiskNumbers() refuses a disk that is not there, by its caller's name for the limit", () => {
  const limits = { ioMax: [{ device: "sdz", rbps: 1 }] };
  const error = assertThrows(() => withDiskNumbers(limits, new Map([["sda", "8:0"]]), "rates"), BerthError);
  assertEquals([error.code, error.message], ["usage.value", "rates: there is no disk sdz here"]);
});
