/**
 * The groups that a killed berth leaves in a tree that stays, as that of a service does: `berth gc` removes them, and
 * nothing else.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Point } from "../../lib/machine/points.ts";
import { awaitVmm, berth, leftovers, SCRATCH, shell } from "../support/berth.ts";
import { CGROUP_ROOT, expectNothingLeft, startHostJob, withParent } from "../support/host/host_jobs.ts";
import { BERTH_AT_POINTS, dyingAt } from "../support/programs/berth_at_points.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

const PARENT = `${CGROUP_ROOT}/host-test-parent`;
const FLAGS = ["--limits", "require", "--cgroup-driver", "cgroupfs"];
const GC = ["gc", "--cgroup-parent", PARENT];

/** Runs a job whose berth kills itself at this point. */
async function runMortal(point: Point, flags: readonly string[], wrapper: readonly string[] = []): Promise<void> {
  const args = ["run", "--quiet", "--name", dyingAt(point), ...FLAGS, ...flags, "--", "true"];
  const { code, stderr } = await berth(args, { main: BERTH_AT_POINTS, wrapper });
  assertEquals(code, 123, stderr);
  assertStringIncludes(stderr, "ended by SIGKILL");
  await awaitVmm("gone");
}

async function groupsIn(parent: string): Promise<string[]> {
  const found = await shell('find "$1" -mindepth 1 -type d -printf "%P\\n" | sort', parent);
  return found.split("\n").filter((name) => name);
}

/** Whether there is a group then; every second one is a tenant's. */
const POINTS: [point: Point, hasGroup: boolean][] = [
  ["group", false],
  ["grouped", true],
  ["launched", true],
  ["started", true],
  ["removal", true],
  ["report", false],
];
for (const [index, [point, hasGroup]] of POINTS.entries()) {
  const tenant = index % 2 ? ["--tenant", "acme"] : [];
  Deno.test(`gc leaves no group of a berth that was killed at "${point}" ${tenant.join(" ")}`, async () => {
    await withParent(PARENT, async () => {
      await runMortal(point, ["--cgroup-parent", PARENT, ...tenant]);
      const groups = await groupsIn(PARENT);
      assertEquals(groups.length, hasGroup ? 1 + tenant.length / 2 : 0, `${groups}`);
      const { code, stderr } = await berth(GC);
      assertEquals(code, 0, stderr);
      if (hasGroup) assertStringIncludes(stderr, ` and its group ${PARENT}/${groups.at(-1)}\n`);
      assertEquals(await groupsIn(PARENT), []);
      await expectNothingLeft();
    });
  });
}

Deno.test("gc says where the group is that it can't reach, and removes it when it is told", async () => {
  await withParent(PARENT, async () => {
    await runMortal("started", ["--cgroup-parent", PARENT]);
    const [group] = await groupsIn(PARENT);
    const { code, stderr } = await berth(["gc"]);
    assertEquals(code, 125, stderr);
    assertStringIncludes(stderr, `the cgroup ${PARENT}/${group} is out of reach (berth gc --cgroup-parent`);
    assertEquals(await groupsIn(PARENT), [group]);
    assertEquals((await berth(GC)).code, 0);
    await expectNothingLeft();
  });
});

Deno.test("gc keeps no folder for a group that went with its scope", async () => {
  const scope = ["systemd-run", "--scope", "--quiet", "--unit=host-gone", "-p", "Delegate=yes"];
  await runMortal("started", [], scope);
  await shell(
    'for i in $(seq 100); do [ -d "$1" ] || exit 0; sleep 0.1; done; exit 1',
    `${CGROUP_ROOT}/system.slice/host-gone.scope`,
  );
  assertEquals((await leftovers()).length > 0, true);
  const { code, stderr } = await berth(["gc"]);
  assertEquals(code, 0, stderr);
  await expectNothingLeft();
});

Deno.test("gc ends no VM that runs, and leaves groups that are not berth's", async () => {
  await withParent(PARENT, async () => {
    const flags = ["--cgroup-parent", PARENT, "--tenant", "acme"];
    await using job = await startHostJob({ driver: "cgroupfs", flags });
    const mine = ["mine", "tenant-mine", "tenant-mine/x", "vm-0123456789ab"];
    const left = `berth-probe-1-${job.id}`;
    await shell('cd "$1"; shift; mkdir "$@"', PARENT, left, "tenant-empty", ...mine);
    const gcs = await Promise.all([berth(GC), berth(GC)]);
    assertEquals(gcs.map(({ code }) => code), [0, 0], gcs.map(({ stderr }) => stderr).join());
    assertEquals(gcs.filter(({ stderr }) => stderr.includes(`berth: removed group ${PARENT}/${left}\n`)).length, 1);
    assertEquals(await groupsIn(PARENT), [...mine, "tenant-acme", `tenant-acme/vm-${job.id}`].sort());
    await shell('cd "$1"; shift; rmdir "$@"', PARENT, ...mine.toReversed());
    await job.end();
  });
});

Deno.test("gc removes a group where no berth could make one, and moves no process of others", async () => {
  await withParent(PARENT, async () => {
    await runMortal("started", ["--cgroup-parent", PARENT]);
    const controllers = await shell('cat "$1/cgroup.subtree_control"', PARENT);
    // Only a group that hands on nothing may have a process.
    await shell('for name in $2; do echo "-$name" >"$1/cgroup.subtree_control"; done', PARENT, controllers);
    const add = 'echo 0 >"$1/cgroup.procs"; exec sleep 1000';
    const command = new Deno.Command("sh", { args: ["-c", add, "sh", PARENT], stdout: "null", stderr: "null" });
    const other = command.spawn();
    await shell('until [ "$(cat "$1/cgroup.procs")" ]; do sleep 0.1; done', PARENT);
    const { code, stderr } = await berth(GC);
    const seen = await shell('cat "$1/cgroup.procs" "$1/cgroup.subtree_control"', PARENT);
    other.kill("SIGKILL");
    await other.status;
    // Of no controllers the kernel prints not even a line.
    assertEquals([code, seen], [0, `${other.pid}\n`], stderr);
    assertEquals(await groupsIn(PARENT), []);
    await expectNothingLeft();
  });
});
