/**
 * A VM that outgrows its share of the host's memory is ended, and the verdict says whose limit it was.
 *
 * The state folder is on a tmpfs, whose pages are charged to whoever writes them first: the job's output, which QEMU
 * writes into a file there, is memory of the VM's group, and no other memory grows so surely from inside of a guest.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { berth, SCRATCH, shell, STATE } from "../support/berth.ts";
import { DRIVERS, expectNothingLeft, withDriver } from "../support/host/host_jobs.ts";

const TMPFS = `${SCRATCH}/tmpfs`;
const TMPFS_STATE = `${TMPFS}/state`;

await Deno.mkdir(SCRATCH, { recursive: true });

/** Whose limit strikes: the flags, and a part of the reason. The VM's own is 128 MiB and 96 MiB for QEMU. */
const CASES = [
  { whose: "the VM's", flags: [], reason: "the memory limit of its cgroup" },
  {
    whose: "the tenant's",
    // Enough to boot in, and less than the VM's own.
    flags: ["--tenant", "acme", "--tenant-memory", "170M"],
    reason: "in its tenant's share, not by its own limit",
  },
];

/** A tenant's limit strikes a VM in the same way with both drivers: systemd_driver_test.ts and group_test.ts count it. */
const CASES_OF = { cgroupfs: CASES, systemd: CASES.slice(0, 1) };

for (const driver of DRIVERS) {
  Deno.test(`running into a memory limit is oom-host, says whose it was, and leaves nothing: ${driver}`, async (t) => {
    await mountState();
    try {
      for (const { whose, flags, reason } of CASES_OF[driver]) {
        await t.step(whose, () => expectOom(driver, flags, reason));
      }
    } finally {
      await shell('umount "$1"', TMPFS);
    }
  });
}

/** What building the image takes is saved where another test has built one. */
async function mountState(): Promise<void> {
  await shell(
    `mkdir -p "$1" && mount -t tmpfs -o size=1G berth-test "$1" && mkdir "$1/state"
     if [ -d "$2/images" ]; then cp -a "$2/images" "$2/host.json" "$1/state"; fi`,
    TMPFS,
    STATE,
  );
}

async function expectOom(driver: typeof DRIVERS[number], flags: readonly string[], reason: string): Promise<void> {
  const { flags: driverFlags, wrapper } = withDriver(driver);
  const report = `${SCRATCH}/report-oom.json`;
  const args = ["run", "--limits", "require", "--memory", "128M", "--swap", "0", "--report", report];
  // Far more than any of the limits, and nobody here keeps it.
  const job = ["--", "sh", "-c", "dd if=/dev/zero bs=1M count=600"];
  const { code, stderr } = await berth([...args, ...driverFlags, ...flags, ...job], {
    state: TMPFS_STATE,
    wrapper: ["sh", "-c", 'exec "$@" >/dev/null', "sh", ...wrapper],
  });
  assertEquals(code, 137, stderr);
  const { verdict, exitCode, reason: words, usage } = JSON.parse(await Deno.readTextFile(report));
  assertEquals([verdict, exitCode], ["oom-host", null], words);
  assertStringIncludes(words, reason);
  assertStringIncludes(stderr, `berth: oom-host: ${words}`);
  assert(usage.oomKills > 0 && usage.memoryPeakBytes > 128 * 1024 ** 2, JSON.stringify(usage));
  await expectNothingLeft(TMPFS_STATE);
}
