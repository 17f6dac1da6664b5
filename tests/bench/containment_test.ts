/**
 * The benchmark of containment, in the test host: berth's groups against `systemd-run --scope`, in turns, and how long
 * hostile groups take to go. Prints medians and ratios; asserts what is left behind, and no time.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Driver } from "../../lib/cgroup/driver.ts";
import type { Limits } from "../../lib/cgroup/limits.ts";
import { parseKeys } from "../../lib/cgroup/usage.ts";
import { startChild } from "../../lib/process/child.ts";
import { planLaunch } from "../../lib/process/launch.ts";
import { compare, median } from "../../scripts/bench/statistics.ts";
import { formatRows, type Row } from "../../scripts/bench/table.ts";
import { shell } from "../support/berth.ts";
import { HOSTILE_GROUPS, withDriver } from "../support/host/real_groups.ts";

const PAIRS = 40;
const CYCLES = 1000;
const HOSTILE_ROUNDS = 10;

const LIMITS: Limits = { memoryMaxBytes: 64 * 1024 ** 2, swapMaxBytes: 0, pidsMax: 100, cpuQuotaPercent: 50 };
/** A fifth of the other's time is five times as fast. */
const TARGET = { at: "most", value: 0.2 } as const;
const PROPERTIES = ["MemoryMax=64M", "MemorySwapMax=0", "TasksMax=100", "CPUQuota=50%"];

/** The same little program for both: linked statically, so that it is not what is measured. */
const PROGRAM = ["busybox", "true"];

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** A group with four limits, a process born in it, its statistics, its removal. */
async function ours(driver: Driver, id: string): Promise<void> {
  await using group = await driver.createGroup({ id, limits: LIMITS });
  await using child = startChild(planLaunch({ cgroup: group.path, argv: PROGRAM }));
  assertEquals((await child.status).success, true);
  await group.readUsage();
}

async function theirs(): Promise<void> {
  const properties = PROPERTIES.flatMap((property) => ["-p", property]);
  await using child = startChild({
    command: "systemd-run",
    args: ["--scope", "--quiet", "--collect", ...properties, ...PROGRAM],
  });
  assertEquals((await child.status).success, true);
}

/**
 * Moving a process waits until every CPU has taken note, for both sides; cgroup2's mount option favordynmods (from
 * Linux 6.0 on) spares that wait, at the price of slower forks.
 */
const MOUNTS = { "as systemd mounts it": "", "with favordynmods": ",favordynmods" };

/** A remount sets all options anew: these are systemd's. */
async function remount(more: string): Promise<void> {
  const script = 'mount -o "remount,nsdelegate,memory_recursiveprot$1" /sys/fs/cgroup';
  await shell(`${script} && grep -q "cgroup2.*\${1#,}" /proc/mounts`, more);
}

Deno.test("a group with four limits, a process, statistics and removal, against systemd-run --scope", async () => {
  const rows: Row[] = [];
  for (const [mounted, option] of Object.entries(MOUNTS)) {
    await remount(option);
    await withDriver(async (driver) => {
      const pairs: [number, number][] = [];
      for (let pair = 0; pair <= PAIRS; pair++) {
        const early = pair % 2 ? undefined : await timed(theirs);
        const mine = await timed(() => ours(driver, `pair-${pair}`));
        const other = early ?? await timed(theirs);
        // The first is the warm-up.
        if (pair > 0) pairs.push([mine, other]);
      }
      const name = `a group's whole life, ${mounted} (opponent: systemd-run --scope)`;
      rows.push({ name, unit: "ms", target: TARGET, result: compare(pairs) });
    });
  }
  await remount("");
  console.log(formatRows(rows));
});

Deno.test(`${CYCLES} groups leave no group, and no dying one that stays`, async () => {
  await withDriver(async (driver, fs) => {
    const read = async () => parseKeys(await fs.read("cgroup.stat"));
    const before = await read();
    const millis: number[] = [];
    for (let cycle = 0; cycle < CYCLES; cycle++) millis.push(await timed(() => ours(driver, `cycle-${cycle}`)));
    const after = await read();
    assertEquals(after.nr_descendants, before.nr_descendants);
    // The kernel keeps a removed group as long as something is charged to it, the page cache of what its processes have
    // read above all: it goes when that is reclaimed.
    const dying = [after.nr_dying_descendants];
    for (let look = 0; look < 50 && (await read()).nr_dying_descendants !== before.nr_dying_descendants; look++) {
      await shell("echo 3 >/proc/sys/vm/drop_caches");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    dying.push((await read()).nr_dying_descendants);
    assertEquals(dying[1], before.nr_dying_descendants);
    console.log(
      `${CYCLES} cycles: median ${median(millis).toFixed(1)} ms; dying right after: ${dying[0]}, later: ${dying[1]}`,
    );
  });
});

for (const [what, prepare] of Object.entries(HOSTILE_GROUPS)) {
  Deno.test(`how long ${what} takes to go`, async () => {
    await withDriver(async (driver) => {
      const millis: number[] = [];
      for (let round = 0; round < HOSTILE_ROUNDS; round++) {
        const group = await driver.createGroup({ id: `hostile-${round}`, limits: { pidsMax: 100 } });
        const child = await prepare(group);
        millis.push(await timed(() => Promise.resolve(group[Symbol.asyncDispose]())));
        await child[Symbol.asyncDispose]();
      }
      const sorted = millis.toSorted((a, b) => a - b).map((one) => one.toFixed(1));
      console.log(`${what}: gone after ${sorted[0]}–${sorted.at(-1)} ms, median ${median(millis).toFixed(1)} ms`);
    });
  });
}
