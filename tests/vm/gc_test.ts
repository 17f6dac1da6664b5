/**
 * What a killed berth leaves, and that `berth gc` and the next start remove it: on a state folder of its own.
 *
 * @module
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Point } from "../../lib/machine/points.ts";
import { awaitVmm, berth, COLD, emptyFolder, finish, leftovers, shell, start } from "../support/berth.ts";
import { COLD_POINTS } from "../support/vmm/cold_points.ts";
import { BERTH_AT_POINTS, dyingAt } from "../support/programs/berth_at_points.ts";

const state = `${await emptyFolder("gc")}/state`;
const here = { state };
// Which of these tests run before one is not known: what all of them need is there.
assertEquals((await berth(["run", "--quiet", "--", "true"], here)).code, 0);

Deno.test("berth gc says that nothing was left, where nothing was", async () => {
  const first = await berth(["gc"], here);
  assertEquals([first.code, first.stdout, first.stderr], [0, "", "berth: nothing was left\n"]);
  assertEquals((await berth(["run", "--quiet", "--", "true"], here)).code, 0);
  const { code, stdout } = await berth(["gc", "--json"], here);
  assertEquals([code, JSON.parse(stdout)], [0, { jobs: [], groups: [], files: [], freedBytes: 0, left: [] }]);
});

const caches = `${state}/caches`;
/** Caches are kept when the VM is gone. */
const kept = (point: Point) => point === "removal" || point === "report" ? `${caches}/cache-gc/disk.ext4\n` : "";

for (const point of COLD_POINTS) {
  Deno.test(`a host process that is killed at "${point}" leaves nothing but a folder, and gc removes it`, async () => {
    const out = await emptyFolder("gc-out");
    const start = point === "ready" ? COLD : [];
    const flags = [
      ...start,
      "--drain",
      "true",
      "--artifact",
      `/data/x=${out}`,
      "--cache",
      "gc:/cache",
      "--volume=new:8M:/data",
    ];
    const command = ["sh", "-c", "echo x >/data/x"];
    const args = ["run", "--quiet", "--name", dyingAt(point), ...flags, "--", ...command];
    const { code, stderr } = await berth(args, { ...here, main: BERTH_AT_POINTS });
    assertEquals(code, 123, stderr);
    assertStringIncludes(stderr, "berth: the host process was ended by SIGKILL");
    await awaitVmm("gone", state);
    const ids = (await leftovers(state)).filter((line) => line.endsWith(".owner"))
      .map((path) => path.slice(`${state}/jobs/`.length, -".owner".length));
    // Before the first point and after the last one there is nothing.
    assertEquals(ids.length, point === "folder" || point === "report" ? 0 : 1);
    const gc = await berth(["gc"], here);
    const words = gc.stderr.split("\n").filter((line) => line.includes("removed job"));
    assertEquals([gc.code, words], [0, ids.map((id) => `berth: removed job ${id}`)]);
    // A cache that nothing was put into has gone as well.
    assertEquals(
      await shell('find "$1" -name lock | while read -r lock; do ls "${lock%/*}"/disk.ext4; done', caches),
      kept(point),
    );
    assertEquals(await leftovers(state), []);
  });
}

Deno.test("gc leaves a job that runs, and what is not berth's", async () => {
  const mine = ["notes", "notes/x", "0123456789ab", "backup.owner"].map((name) => `${state}/jobs/${name}`);
  const child = start(["run", "--quiet", "--", "sh", "-c", "echo up; sleep 5; echo done"], here);
  const ended = finish(child);
  await awaitVmm("there", state);
  await shell('mkdir "$1" "$3"; touch "$2" "$4"', ...mine);
  const both = await Promise.all([berth(["gc"], here), berth(["gc"], here)]);
  assertEquals(both.map(({ code, stderr }) => [code, stderr]), Array(2).fill([0, "berth: nothing was left\n"]));
  assertEquals(await ended.then(({ code, stdout }) => [code, stdout]), [0, "up\ndone\n"]);
  assertEquals((await leftovers(state)).toSorted(), mine.filter((path) => !path.endsWith("/x")).toSorted());
  await shell('rm -r "$1" "$3" "$4"', ...mine);
});

Deno.test("several gc at once, beside jobs that begin, remove each dead job once", async () => {
  const ids = Array.from({ length: 6 }, (_, index) => `dead0000000${index}`);
  await shell('cd "$1/jobs"; shift; for id; do mkdir $id; echo x >$id/out; : >$id.owner; done', state, ...ids);
  const job = berth(["run", "--quiet", "--", "true"], here);
  const gcs = await Promise.all(Array.from({ length: 4 }, () => berth(["gc", "--json"], here)));
  assertEquals(gcs.map(({ code }) => code), [0, 0, 0, 0]);
  const { code } = await job;
  const removed: { id: string }[] = gcs.flatMap(({ stdout }) => JSON.parse(stdout).jobs);
  assertEquals([code, new Set(removed.map(({ id }) => id)).size], [0, removed.length]);
  assertEquals(await leftovers(state), []);
});

/** In a mount namespace of its own, in which the script has been run. */
const behind = (script: string) => [
  "unshare",
  "--mount",
  "--propagation",
  "private",
  "sh",
  "-ec",
  `${script}
exec "$@"`,
  "sh",
];

Deno.test("on a read-only state folder gc and run say so", async () => {
  await shell('cd "$1/jobs" && mkdir dead00000000 && : >dead00000000.owner', state);
  const wrapper = behind(`mount --bind ${state} ${state}; mount -o remount,bind,ro ${state}`);
  const gc = await berth(["gc"], { ...here, wrapper });
  assertEquals(gc.code, 125, gc.stderr);
  assertStringIncludes(gc.stderr, `berth: ${state}/jobs: the disk is mounted read-only (`);
  const run = await berth(["run", "--quiet", "--", "true"], { ...here, wrapper });
  assertEquals(run.code, 125, run.stderr);
  assertStringIncludes(run.stderr, `berth: ${state}: the disk is mounted read-only (`);
  assertEquals((gc.stderr + run.stderr).includes("/run/berth"), false, gc.stderr);
  assertEquals((await berth(["gc"], here)).stderr, "berth: removed job dead00000000\n");
});

Deno.test("on a full disk gc removes what it finds", async () => {
  const full = await emptyFolder("gc-full");
  const wrapper = behind(
    `mount -t tmpfs -o mode=0700,size=64k full ${full}; mkdir -p ${full}/jobs/dead00000000
     : >${full}/jobs/dead00000000.owner; : >${full}/jobs/.lock
     cat /dev/zero >${full}/jobs/dead00000000/out 2>/dev/null || :`,
  );
  const { code, stderr } = await berth(["gc"], { state: full, wrapper });
  assertEquals([code, stderr], [0, "berth: removed job dead00000000\n"]);
});

Deno.test("on a disk that a killed job has filled, the next job makes room for itself", async () => {
  const full = await emptyFolder("gc-full");
  const wrapper = behind(
    `mount -t tmpfs -o mode=0700,size=64m full ${full}; mkdir -p ${full}/images ${full}/jobs/dead00000000
     cp -a ${state}/images/default ${state}/images/.store ${full}/images
     : >${full}/jobs/dead00000000.owner; cat /dev/zero >${full}/jobs/dead00000000/out 2>/dev/null || :`,
  );
  const script = `"$@" && ls ${full}/jobs`;
  const { code, stdout, stderr } = await berth(["run", "--quiet", "--min-free", "1M", "--", "echo", "done"], {
    state: full,
    wrapper: [...wrapper, "sh", "-ec", script, "sh"],
  });
  assertEquals([code, stdout], [0, "done\n"], stderr);
});

Deno.test("gc says which job it can't remove, why, and what to do", async () => {
  // A group of this boot, in no tree of this host's.
  const boot = (await shell("cat /proc/sys/kernel/random/boot_id")).trim();
  const cgroup = "/none-of-mine/vm-dead00000000";
  const record = JSON.stringify({ planned: { cgroup, bootId: boot } });
  await shell('cd "$1/jobs" && mkdir dead00000000 && echo "$2" >dead00000000.owner', state, record);
  const { code, stderr } = await berth(["gc"], here);
  assertEquals(code, 125);
  assertStringIncludes(
    stderr,
    `berth: job dead00000000 is left: the cgroup ${cgroup} is out of reach (berth gc --cgro`,
  );
  const other = record.replace(boot, "another-boot");
  await shell('echo "$2" >"$1/jobs/dead00000000.owner"', state, other);
  assertEquals((await berth(["gc"], here)).stderr, "berth: removed job dead00000000\n");
  assertEquals(await leftovers(state), []);
});

Deno.test("berth serve removes what is left by then, says so, and ends with 0 when it is told to", async () => {
  await shell('mkdir -p "$1/jobs/dead00000006"; : >"$1/jobs/dead00000006.owner"', state);
  const child = start(["serve", "--every", "1s"], here);
  const words: string[] = [];
  for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) {
    words.push(chunk);
    if (words.join("").endsWith("\n")) child.kill("SIGTERM");
  }
  await child.stdout.cancel();
  assertEquals([(await child.status).code, words.join("")], [0, "berth: removed job dead00000006\n"]);
  assertEquals(await leftovers(state), []);
});

Deno.test("berth serve refuses a wrong call with a status of its own", async () => {
  const { code, stderr } = await berth(["serve", "--every", "0s"], here);
  assertEquals([code, stderr.startsWith("berth: --every: ")], [78, true], stderr);
});
