/**
 * The supervisor's leaf, on the real tree.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { openCgroupfs } from "../../lib/cgroup/cgroupfs.ts";
import { DenoCgroupFs } from "../../lib/cgroup/deno_cgroup_fs.ts";
import { parseKeys } from "../../lib/cgroup/usage.ts";
import { shell } from "../support/berth.ts";
import { holding, startIn, TREE } from "../support/host/real_groups.ts";

const MIB = 1024 ** 2;

/** A group with processes in it that is given to berth, below one that limits its memory. */
async function withGivenGroup(use: (root: string) => Promise<void>): Promise<void> {
  const top = `${TREE}/given-${crypto.randomUUID().slice(0, 8)}`;
  await shell('mkdir "$1" && echo "+memory +pids" >"$1/cgroup.subtree_control" && mkdir "$1/berth"', top);
  try {
    await use(`${top}/berth`);
  } finally {
    await shell('echo 1 >"$1/cgroup.kill"; sleep 0.5; find "$1" -depth -type d -exec rmdir {} +', top);
  }
}

Deno.test("every process moves into the leaf, those that are forked meanwhile too", async () => {
  await withGivenGroup(async (root) => {
    // Each one replaces itself for ever: whoever looks sees other processes than whoever moves.
    const forking = "i=0; while :; do sleep 0.02 & wait; done";
    const children = await Promise.all(Array.from({ length: 5 }, () => startIn(root, forking)));
    await shell('until [ "$(wc -l <"$1/cgroup.procs")" -ge 5 ]; do sleep 0.05; done', root);
    await using _driver = await openCgroupfs(new DenoCgroupFs(root));
    assertEquals(await Deno.readTextFile(`${root}/cgroup.procs`), "");
    assert((await Deno.readTextFile(`${root}/supervisor/cgroup.procs`)).split("\n").length > 5);
    for (const child of children) await child[Symbol.asyncDispose]();
  });
});

Deno.test("memory.min keeps the supervisor's memory while a VM fills the rest", async () => {
  /** How much of a file's pages a process in the leaf keeps when a hog needs memory. */
  const keeps = async (memoryMin: string | undefined) => {
    let kept = 0;
    await withGivenGroup(async (root) => {
      const file = "/var/tmp/berth-test/pages";
      await shell(
        'mkdir -p "${1%/*}"; dd if=/dev/zero of="$1" bs=1M count=100 2>&1; sync; echo 1 >/proc/sys/vm/drop_caches',
        file,
      );
      await using reader = await startIn(root, 'cat "$1" >/dev/null; echo done; exec sleep 1000', file);
      const used = 'until [ "$(cat "$1/memory.current")" -gt 95000000 ]; do sleep 0.1; done';
      await shell(used, root);
      await using driver = await openCgroupfs(new DenoCgroupFs(root));
      if (memoryMin !== undefined) {
        await Deno.writeTextFile(`${root}/supervisor/memory.min`, memoryMin, { create: false });
      }
      // The pages stay charged to the group that read them; the leaf reads them again as its own.
      await shell("echo 1 >/proc/sys/vm/drop_caches");
      await using again = await startIn(`${root}/supervisor`, 'cat "$1" >/dev/null; exec sleep 1000', file);
      await shell(used, `${root}/supervisor`);
      await Deno.writeTextFile(`${root}/memory.max`, String(150 * MIB), { create: false });
      await using group = await driver.createGroup({
        id: "hog",
        limits: { memoryMaxBytes: 400 * MIB, swapMaxBytes: 0 },
      });
      await using hog = await startIn(group.path, holding(75));
      // It gets what it wants, or is ended for wanting it.
      const gets = shell(
        'until [ "$(cat "$1/memory.current" || echo 99999999)" -gt 75000000 ]; do sleep 0.1; done',
        group.path,
      );
      await Promise.race([gets, hog.status]);
      kept = parseKeys(await Deno.readTextFile(`${root}/supervisor/memory.stat`)).file!;
      void [reader, again];
    });
    return kept;
  };
  const protectedBytes = await keeps(undefined);
  assert(protectedBytes > 95 * MIB, `${protectedBytes} bytes are left`);
  const bare = await keeps("0");
  assert(bare < 80 * MIB, `${bare} bytes are left without it`);
});
