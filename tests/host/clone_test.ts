/**
 * Clones where everything works: KVM, systemd, cgroup v2.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { berth, SCRATCH, shell, STATE } from "../support/berth.ts";
import { DRIVERS, expectNothingLeft, withDriver } from "../support/host/host_jobs.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

const REPORT = `${SCRATCH}/clone.json`;
/** The first timers behind a restore, then what is to be each clone's own. */
const JOB = "for n in 1 2 3 4 5; do sleep 0.1; done; date +%s; cat /proc/sys/kernel/random/boot_id";

for (const driver of DRIVERS) {
  Deno.test(`a clone goes on by KVM in a group of its own, with its limits: ${driver}`, async () => {
    await shell('rm -rf "$1/images/.templates"', STATE);
    const { flags, wrapper } = withDriver(driver);
    const boots: string[] = [];
    for (const start of ["cold", "clone", "clone"]) {
      // This host is emulated itself, maybe by a busy one.
      const bounds = ["--boot-timeout", "90s", "--accel", "kvm", "--limits", "require", "--memory", "256M"];
      const args = ["run", ...flags, ...bounds, "--start", "clone", "--report", REPORT, "--", "sh", "-c", JOB];
      const { code, stdout, stderr } = await berth(args, { wrapper });
      const report = JSON.parse(await Deno.readTextFile(REPORT));
      assertEquals([code, report.accel, report.start, report.attempts], [0, "kvm", start, 1], stderr);
      assertEquals(report.limits.memoryMaxBytes, { value: (256 + 96) * 1024 ** 2, enforcedBy: enforcer(driver) });
      // All that a guest is made of is its group's.
      assert(report.usage.memoryPeakBytes > 30 * 1024 ** 2, JSON.stringify(report.usage));
      const [seconds, boot] = stdout.trim().split("\n");
      const late = Date.now() / 1000 - Number(seconds);
      assert(late > -2 && late < 60, `its clock is ${late} s behind`);
      boots.push(boot);
    }
    assertEquals(new Set(boots).size, 3);
    await expectNothingLeft();
  });
}

function enforcer(driver: typeof DRIVERS[number]): string {
  return driver === "systemd" ? "systemd" : "cgroup";
}
