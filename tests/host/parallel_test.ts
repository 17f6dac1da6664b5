/**
 * Many jobs at once in one tree: their groups are their own.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { SCRATCH } from "../support/berth.ts";
import { CGROUP_ROOT, expectNothingLeft, withParent } from "../support/host_jobs.ts";
import { runManyAtOnce } from "../support/many_jobs.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

/** Fewer than the 20 of tests/vm: an emulated host with a hypervisor in it has its hands full. */
const JOBS = 8;
const PARENT = `${CGROUP_ROOT}/host-test-many`;

Deno.test(`${JOBS} jobs of a tenant at once have a group each`, async () => {
  const flags = ["--limits", "require", "--tenant", "acme", "--cgroup-driver", "cgroupfs", "--cgroup-parent", PARENT];
  await withParent(PARENT, async () => {
    const reports = await runManyAtOnce(JOBS, flags);
    assertEquals(new Set(reports.map(({ id }) => id)).size, reports.length);
    assertEquals(reports.filter(({ limits }) => limits.memoryMaxBytes?.enforcedBy !== "cgroup"), []);
    await expectNothingLeft();
  });
});
