/**
 * `--cgroup-parent`: which groups berth takes, and what it does to them.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { type ErrorCode, ERRORS } from "../../lib/base/errors.ts";
import { leftovers, SCRATCH, shell } from "../support/berth.ts";
import { startIn, TREE } from "../support/host/real_groups.ts";
import {
  assertRefuses,
  behind,
  CGROUPS,
  enforcersIn,
  lookingInto,
  runJob,
  withGroup,
} from "../support/host/host_parents.ts";

/** A wrong parent is a wrong call: no need of limits makes it right. */
async function assertWrong(code: ErrorCode, words: string, ...flags: string[]): Promise<void> {
  for (const limits of ["require", "auto"] as const) {
    const { code: status, stdout, stderr } = await runJob(limits, { flags }, "echo", "ran");
    assertEquals([status, stdout], [125, ""], stderr);
    assertStringIncludes(stderr, words);
    assertStringIncludes(stderr, ERRORS[code]);
  }
}

Deno.test("a parent outside of the mount is refused, and so is a link that leads out", async () => {
  await Deno.mkdir(SCRATCH, { recursive: true });
  await shell('ln -sfn /etc "$1/out"', SCRATCH);
  const mount = "the cgroup2 mount /sys/fs/cgroup";
  await assertWrong("cgroup.parent", `--cgroup-parent: /etc is not in ${mount}`, "--cgroup-parent", "/etc");
  const words = `--cgroup-parent: ${SCRATCH}/out is really /etc, which is not in ${mount}`;
  await assertRefuses("cgroup.parent", words, { flags: ["--cgroup-parent", `${SCRATCH}/out`] });
  const missing = `--cgroup-parent: ${CGROUPS}/nobody/made does not exist; there is no such group in ${mount}`;
  await assertRefuses("cgroup.parent", missing, { flags: ["--cgroup-parent", `${CGROUPS}/nobody/made`] });
});

Deno.test("a parent that something else is mounted on is refused", async () => {
  await withGroup(["memory", "pids"], async (path) => {
    const call = { flags: ["--cgroup-parent", path], wrapper: behind(`mount -t tmpfs none ${path}`) };
    await assertRefuses("cgroup.parent", `--cgroup-parent: ${path} is not in the cgroup2 mount`, call);
  });
});

Deno.test("the mount point is the root group: VMs' groups are right below it, and nothing is moved", async () => {
  const look = `ls -d ${CGROUPS}/*/; cat /proc/self/cgroup`;
  const before = await shell(look);
  const root = { wrapper: lookingInto(CGROUPS), flags: ["--cgroup-parent", CGROUPS, "--pids", "112"] };
  const { code, stdout, stderr, report } = await runJob("require", root, "echo", "ran");
  assertEquals([code, stdout], [0, "112\nran\n"], stderr);
  assertEquals(enforcersIn(report), { memoryMaxBytes: "cgroup", pidsMax: "cgroup", cpuQuotaPercent: "cgroup" });
  assertEquals(await shell(look), before);
  assertEquals(await leftovers(), []);
});

Deno.test("processes of others in the parent move into its supervisor leaf, and a link to the parent is the parent", async () => {
  await withGroup(["memory", "pids"], async (path) => {
    await using other = await startIn(path.replace(CGROUPS, TREE), "sleep 1000");
    const before = await shell('cat "$1/cgroup.procs"', path);
    await shell('ln -sfn "$1" "$2/in"', path, SCRATCH);
    const flags = ["--cgroup-parent", `${SCRATCH}/in`, "--memory", "256M", "--pids", "100"];
    const { code, stdout, stderr, report } = await runJob("require", { flags }, "echo", "ran");
    assertEquals([code, stdout], [0, "ran\n"], stderr);
    assertEquals(report.limits?.pidsMax, { value: 100, enforcedBy: "cgroup" });
    assertEquals(await shell('cat "$1/supervisor/cgroup.procs"', path), before);
    assertEquals(await shell('cat "$1/cgroup.procs"; cd "$1"; ls -d */', path), "supervisor/\n");
    assertEquals(other.ended, false);
  });
});
