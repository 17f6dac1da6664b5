/**
 * The contract's tests of values: what a file takes, and what it makes of it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { assertRefused, checkWrites, type ContractTest, type ExpectedWrite } from "./cgroup_fs_context.ts";

const MEMORY: readonly ExpectedWrite[] = [
  ["abc", "EINVAL", "max"],
  ["-1", "EINVAL", "max"],
  ["1.5", "EINVAL", "max"],
  ["", undefined, "max"],
  ["1048577", undefined, "1048576"],
  ["1M", undefined, "1048576"],
  ["1 M", "EINVAL", "1048576"],
  ["0x200000", undefined, "2097152"],
  ["9223372036854775807", undefined, "max"],
  ["99999999999999999999", undefined, "7766279631452237824"],
  ["100", undefined, "0"],
  ["max", undefined, "max"],
  // A lone line break is a limit of nothing at all.
  ["\n", undefined, "0"],
];

const VALUES: Readonly<Record<string, readonly ExpectedWrite[]>> = {
  "memory.max": MEMORY,
  "memory.high": MEMORY,
  "memory.swap.max": MEMORY,
  "memory.oom.group": [["1", undefined, "1"], ["2", "EINVAL", "1"], ["abc", "EINVAL", "1"], ["0", undefined, "0"]],
  "pids.max": [
    ["-1", "EINVAL", "max"],
    ["abc", "EINVAL", "max"],
    ["5", undefined, "5"],
    ["4194304", undefined, "4194304"],
    ["4194305", "EINVAL", "4194304"],
    ["99999999999999999999", "ERANGE", "4194304"],
    ["0", undefined, "0"],
    ["max", undefined, "max"],
  ],
  "cpu.max": [
    ["50000 20000", undefined, "50000 20000"],
    ["30000", undefined, "30000 20000"],
    ["999", "EINVAL", "30000 20000"],
    ["1000 100000", undefined, "1000 100000"],
    ["1000 999", "EINVAL", "1000 100000"],
    ["1000 1000001", "EINVAL", "1000 100000"],
    ["abc", "EINVAL", "1000 100000"],
    ["-1", "EINVAL", "1000 100000"],
    ["1000000000000000000", "EINVAL", "1000 100000"],
    ["2000abc def", undefined, "2000 100000"],
    ["max", undefined, "max 100000"],
  ],
  "cpu.weight": [
    ["0", "ERANGE", "100"],
    ["10001", "ERANGE", "100"],
    ["-1", "EINVAL", "100"],
    ["abc", "EINVAL", "100"],
    ["333", undefined, "333"],
    ["10000", undefined, "10000"],
    ["1", undefined, "1"],
  ],
  "io.weight": [
    ["0", "EINVAL", "default 100"],
    ["10001", "EINVAL", "default 100"],
    ["abc", "EINVAL", "default 100"],
    ["99:99 100", "ENODEV", "default 100"],
    ["200", undefined, "default 200"],
    ["default 300", undefined, "default 300"],
  ],
  "cpuset.cpus": [
    ["0", undefined, "0"],
    ["0,1", undefined, "0-1"],
    ["garbage", "EINVAL", "0-1"],
    ["1-0", "EINVAL", "0-1"],
    ["0-", "EINVAL", "0-1"],
    ["100000", "ERANGE", "0-1"],
    ["", undefined, "0-1"],
    ["\n", undefined, ""],
  ],
  "cpuset.mems": [["0", undefined, "0"], ["1", "EINVAL", "0"], ["garbage", "EINVAL", "0"], ["\n", undefined, ""]],
  "cgroup.max.depth": [
    ["-1", "ERANGE", "max"],
    ["abc", "EINVAL", "max"],
    ["2147483648", "ERANGE", "max"],
    ["0", undefined, "0"],
  ],
  "cgroup.freeze": [["2", "ERANGE", "0"], ["abc", "EINVAL", "0"], ["1", undefined, "1"], ["0", undefined, "0"]],
};

export function testValues(test: ContractTest): void {
  for (const [file, writes] of Object.entries(VALUES)) {
    test(`${file} takes what it can use, and refuses the rest`, async ({ fs, at }) => {
      await fs.mkdir(at("a"));
      await checkWrites(fs, at("a", file), writes);
    });
  }

  test("io.max takes rates of disks, and forgets a disk without any", async ({ fs, at, device }) => {
    await fs.mkdir(at("a"));
    const shown = (rbps: string, wiops: string) => `${device} rbps=${rbps} wbps=max riops=max wiops=${wiops}`;
    await checkWrites(fs, at("a", "io.max"), [
      [`${device} rbps=1000000`, undefined, shown("1000000", "max")],
      [`${device} wiops=100`, undefined, shown("1000000", "100")],
      [`${device} rbps=0`, "ERANGE", shown("1000000", "100")],
      [`${device} rbps=abc`, "EINVAL", shown("1000000", "100")],
      [`${device} speed=1`, "EINVAL", shown("1000000", "100")],
      [device, "EINVAL", shown("1000000", "100")],
      ["garbage", "EINVAL", shown("1000000", "100")],
      ["99:99 rbps=100", "ENODEV", shown("1000000", "100")],
      [`${device} rbps=max`, undefined, shown("max", "100")],
      [`${device} wiops=max`, undefined, ""],
    ]);
  });

  test("cgroup.kill takes 1 only, and can't be read", async ({ fs, at }) => {
    await fs.mkdir(at("a"));
    await assertRefused(fs.read(at("a", "cgroup.kill")), "EINVAL");
    await assertRefused(fs.write(at("a", "cgroup.kill"), "abc"), "EINVAL");
    await assertRefused(fs.write(at("a", "cgroup.kill"), "0"), "ERANGE");
    await fs.write(at("a", "cgroup.kill"), "1");
  });

  test("a file that only tells can't be written, by root either", async ({ fs, at }) => {
    await fs.mkdir(at("a"));
    for (const file of ["memory.current", "cgroup.events", "cgroup.controllers", "cpu.stat", "pids.current"]) {
      const before = await fs.read(at("a", file));
      await assertRefused(fs.write(at("a", file), "1"), "EINVAL", file);
      assertEquals(await fs.read(at("a", file)), before);
    }
  });

  test("write() gives the kernel a value of up to a page in one piece, and refuses a longer one", async (context) => {
    const { fs, at } = context;
    await fs.mkdir(at("a"));
    await fs.write(at("a", "memory.max"), "8192".padStart(4096));
    assertEquals(await fs.read(at("a", "memory.max")), "8192");
    await assertRefused(fs.write(at("a", "memory.max"), "4096".padStart(4097)), "E2BIG");
    assertEquals(await fs.read(at("a", "memory.max")), "8192");
  });
}
