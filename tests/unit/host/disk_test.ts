// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { holdsAllBytes, pauseMs, watchDisks } from "../../../lib/host/disk.ts";
import { temporaryFolder } from "../../support/temp.ts";

Deno.test("watchDisks() is silent while there is space, and leaves no timer behind", async () => {
  await using folder = await temporaryFolder();
  using watch = await watchDisks(folder.path);
  assertEquals(watch.signal.aborted, false);
});

Deno.test("watchDisks() refuses to begin where less is free than is to stay free", async () => {
  await using folder = await temporaryFolder();
  const error = await assertRejects(
    () => watchDisks(folder.path, { minFreeBytes: 2 ** 53 }),
    BerthError,
    "8388608 GiB are to stay",
  );
  assertEquals(error.code, "host.disk-full");
});

Deno.test("pauseMs() is shorter than a writer of 4 GiB/s needs to the floor, and bounded", () => {
  assertEquals([0, 1024 ** 2, 1024 ** 3, 100 * 1024 ** 3].map(pauseMs), [10, 10, 250, 1000]);
});

Deno.test("holdsAllBytes() is true of a folder whose disk is known to store what is written", async () => {
  await using folder = await temporaryFolder();
  const type = await new Deno.Command("sh", { args: ["-c", 'stat -f -c %T "$1"', "sh", folder.path] }).output();
  const name = new TextDecoder().decode(type.stdout).trim();
  assertEquals(await holdsAllBytes(folder.path), ["ext2/ext3", "xfs", "tmpfs"].includes(name), name);
});
