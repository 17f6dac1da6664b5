/**
 * A tree that is there, and does not let berth in.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { berth, shell } from "../support/berth.ts";
import {
  assertDegrades,
  assertRefuses,
  asUser,
  behind,
  CGROUPS,
  enforcersIn,
  HOME,
  inScope,
  makeUser,
  runJob,
  SCOPE,
  UID,
  withGroup,
} from "../support/host/host_parents.ts";

Deno.test("a user who was given nothing: EACCES", async () => {
  await makeUser();
  // The scope was given to root.
  const call = { wrapper: [...inScope("Delegate=yes"), ...asUser()], folder: HOME };
  const words = `the group ${SCOPE}/supervisor can't be made: EACCES`;
  await assertRefuses("cgroup.denied", words, call);
  await assertDegrades(words, call);
});

Deno.test("root who may not override permissions, as in a container: EACCES", async () => {
  await withGroup(["memory", "pids"], async (path) => {
    await shell('chown -R 65534:65534 "$1"', path);
    const wrapper = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
    const words = `${path}/cgroup.subtree_control does not take +memory: EACCES`;
    await assertRefuses("cgroup.denied", words, { wrapper, flags: ["--cgroup-parent", path] });
  });
});

Deno.test("a group that can be made and not be joined: EACCES on what both places have in common, EAGAIN above", async () => {
  await makeUser();
  await withGroup(["memory", "pids"], async (path) => {
    await shell('chown -R "$2:$2" "$1"', path, UID);
    const call = { wrapper: asUser(), folder: HOME, flags: ["--cgroup-parent", path] };
    await assertRefuses("cgroup.denied", `no process can join a group in ${path}: EACCES`, call);
    await assertDegrades(`no process can join a group in ${path}: EACCES`, call);
    assertEquals(await shell('find "$1" -mindepth 1 -type d', path), "");
  });
  await withGroup(["memory", "pids"], async (path) => {
    await shell('echo 1 >"$1/pids.max"', path);
    const words = `no process can join a group in ${path}: EAGAIN: a group above has no process left to give`;
    await assertRefuses("cgroup.denied", words, { flags: ["--cgroup-parent", path] });
  });
});

Deno.test("a tree that is mounted read-only: EROFS", async () => {
  const call = { wrapper: behind(`mount -o remount,ro,bind ${CGROUPS}`) };
  const words = `${CGROUPS}/system.slice/test-host.service is mounted read-only`;
  await assertRefuses("cgroup.read-only", words, call);
  await assertDegrades(words, call);
});

/** Jobs that are refused for what they are, and why. */
const WRONG_JOBS: readonly (readonly [flags: readonly string[], words: string])[] = [
  [["--image", "no-such"], "there is no image"],
  [["--memory", "1M"], "memory"],
  [["--workspace", "/no/such/folder"], "/no/such/folder"],
];

Deno.test("a job that is refused for what it is moves no process, and makes no group", async () => {
  const look = '"$@"; status=$?; cat /proc/self/cgroup >&2; ls -d "$look"/*/ >&2; exit "$status"';
  const wrapper = [...inScope("Delegate=yes"), "env", `look=${SCOPE}`, "sh", "-c", look, "sh"];
  for (const [flags, words] of WRONG_JOBS) {
    const { code, stderr } = await berth(["run", "--limits", "require", ...flags, "--", "true"], { wrapper });
    assertEquals(code, 125, stderr);
    assertStringIncludes(stderr, words);
    assertStringIncludes(stderr, `\n0::${SCOPE.slice(CGROUPS.length)}\n`);
    assertEquals(stderr.includes("/supervisor"), false, stderr);
  }
  // The same look sees what a job does that is not refused.
  const { stderr } = await berth(["run", "--limits", "require", "--", "true"], { wrapper });
  assertStringIncludes(stderr, `\n0::${SCOPE.slice(CGROUPS.length)}/supervisor\n${SCOPE}/supervisor/\n`);
});

Deno.test("a group without memory and pids is refused, and named", async () => {
  await withGroup([], async (path) => {
    const call = { flags: ["--cgroup-parent", path] };
    const words = `${path} has no memory and no pids controller`;
    await assertRefuses("cgroup.controller", words, call);
    await assertDegrades(words, call);
  });
  await withGroup(["memory"], async (path) => {
    const call = { flags: ["--cgroup-parent", path] };
    await assertRefuses("cgroup.controller", `${path} has no pids controller`, call);
  });
});

Deno.test("a limit whose controller is missing is refused, or left out and said; the others are in force", async () => {
  await withGroup(["memory", "pids"], async (path) => {
    const call = { flags: ["--cgroup-parent", path, "--cpu-quota", "50"] };
    const words = `not enforced: cpu.max: ${path} has no cpu controller`;
    await assertRefuses("cgroup.controller", words, call);
    const { code, stdout, stderr, report } = await runJob("auto", call, "echo", "ran");
    assertEquals([code, stdout], [0, "ran\n"], stderr);
    assertStringIncludes(stderr, `berth: ${words}`);
    assertEquals(enforcersIn(report), { memoryMaxBytes: "cgroup", pidsMax: "cgroup", cpuQuotaPercent: "none" });
    assertEquals(report.limits?.cpuQuotaPercent?.value, 50);
    // The one that nobody has asked for is said to be missing, and is no reason to refuse.
    const rest = await runJob("require", { flags: ["--cgroup-parent", path] }, "echo", "ran");
    assertEquals([rest.code, rest.stdout], [0, "ran\n"], rest.stderr);
    assertStringIncludes(rest.stderr, `berth: ${words}`);
    assertEquals(enforcersIn(rest.report).cpuQuotaPercent, "none");
    const none = await runJob("require", { flags: ["--cgroup-parent", path, "--cpu-quota", "0"] }, "echo", "ran");
    assertEquals([none.code, none.stderr.includes("not enforced"), enforcersIn(none.report).cpuQuotaPercent], [
      ...[0, false, undefined],
    ], none.stderr);
  });
});
