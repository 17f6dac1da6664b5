// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { findUnusedCaches, sweepCaches } from "../../../lib/disk/cache_sweep.ts";
import { holdLock } from "../../support/lock_holder.ts";
import { temporaryFolder } from "../../support/temp.ts";

async function make(root: string, ...paths: string[]): Promise<void> {
  for (const path of paths) {
    await Deno.mkdir(`${root}/${path.replace(/[^/]*$/, "")}`, { recursive: true });
    if (!path.endsWith("/")) await Deno.writeTextFile(`${root}/${path}`, "x");
  }
}

Deno.test("sweepCaches() removes caches that nothing was put into, of tenants as well, and no other", async () => {
  await using temporary = await temporaryFolder();
  const root = temporary.path;
  await make(root, "cache-a/lock", "cache-young/", "tenant-acme/name", "tenant-acme/cache-b/lock");
  await make(root, "cache-full/lock", "cache-full/disk.ext4", "cache-other/lock", "cache-other/notes", "mine/lock");
  const found = await findUnusedCaches(root);
  const went = await sweepCaches(root);
  assertEquals(found, went);
  assertEquals(went.toSorted(), ["cache-a", "cache-young", "tenant-acme/cache-b"].map((path) => `${root}/${path}`));
  const left = (await Array.fromAsync(Deno.readDir(root))).map(({ name }) => name).sort();
  assertEquals(left, ["cache-full", "cache-other", "mine", "tenant-acme"]);
  assertEquals(await sweepCaches(root), []);
});

Deno.test("sweepCaches() leaves a cache that a job works on, until its job is gone", async () => {
  await using temporary = await temporaryFolder();
  await make(temporary.path, "cache-a/lock");
  await using job = await holdLock(`${temporary.path}/cache-a/lock`, "exclusive");
  assertEquals([await findUnusedCaches(temporary.path), await sweepCaches(temporary.path)], [[], []]);
  await job.kill();
  assertEquals(await sweepCaches(temporary.path), [`${temporary.path}/cache-a`]);
});

Deno.test("sweepCaches() finds nothing where there are no caches", async () => {
  await using temporary = await temporaryFolder();
  const root = `${temporary.path}/caches`;
  assertEquals([await findUnusedCaches(root), await sweepCaches(root)], [[], []]);
});
