/**
 * Hosts whose cgroup tree is another one than berth needs, or none.
 *
 * @module
 */
import { shell } from "../support/berth.ts";
import { assertDegrades, assertRefuses, behind, CGROUPS, UNMOUNT } from "../support/host/host_parents.ts";

Deno.test("no cgroup2 mount", async () => {
  const call = { wrapper: behind(UNMOUNT) };
  await assertRefuses("cgroup.no-mount", "no cgroup2 file system is mounted here", call);
  await assertDegrades("no cgroup2 file system is mounted here", call);
});

Deno.test("cgroup v1 only", async () => {
  const call = { wrapper: behind(`${UNMOUNT}\nmount -t cgroup -o none,name=berth berth ${CGROUPS}`) };
  const words = `this host has cgroup v1 only (at ${CGROUPS}), and berth needs cgroup v2`;
  await assertRefuses("cgroup.v1", words, call);
});

Deno.test("hybrid: cgroup v1 has a controller that berth needs", async () => {
  // The kernel gives a controller to v1 when no group of v2 hands it on any more.
  const handing = await shell(`cd ${CGROUPS} && grep -rlw pids --include=cgroup.subtree_control . || true`);
  const files = handing.trim().split("\n");
  const deepestFirst = files.toSorted((a, b) => b.split("/").length - a.split("/").length);
  const write = (word: string, paths: string[]) =>
    shell(`cd ${CGROUPS}; word=$1; shift; for file; do echo "$word" >"$file"; done`, word, ...paths);
  await write("-pids", deepestFirst);
  try {
    await shell("mkdir -p /run/test-host/v1 && mount -t cgroup -o pids berth /run/test-host/v1");
    try {
      const words = "cgroup v2 is mounted at /sys/fs/cgroup or /run/test-host/cgroup, but cgroup v1 has pids";
      await assertRefuses("cgroup.hybrid", words, {});
    } finally {
      await shell("umount /run/test-host/v1");
    }
  } finally {
    await write("+pids", deepestFirst.toReversed());
  }
});
