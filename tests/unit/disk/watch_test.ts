// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertRejects } from "@std/assert";
import { aborted, within } from "../../../lib/base/deadline.ts";
import { BerthError } from "../../../lib/base/errors.ts";
import { expectRoom, holdsAllBytes, pauseMs, usedBytes, watchDisks, watchRoom } from "../../../lib/disk/watch.ts";
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

const MIB = 1024 ** 2;

Deno.test("usedBytes() counts blocks, and not how long files are", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeFile(`${folder.path}/out`, new Uint8Array(MIB));
  await Deno.writeFile(`${folder.path}/disk`, new Uint8Array());
  await Deno.truncate(`${folder.path}/disk`, 2 ** 40);
  const used = await usedBytes(folder.path);
  assert(used >= MIB && used < 2 * MIB, String(used));
});

Deno.test("watchDisks() ends who takes more than his budget, and names the file that has most of it", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeFile(`${folder.path}/err`, new Uint8Array(MIB));
  using watch = await watchDisks(folder.path, { minFreeBytes: 0, budgetBytes: 8 * MIB });
  assertEquals(watch.signal.aborted, false);
  await Deno.writeFile(`${folder.path}/out`, new Uint8Array(9 * MIB));
  using ended = aborted(watch.signal);
  await within(ended.promise, 5000, "the watch");
  const { code, message } = watch.signal.reason;
  assertEquals(code, "job.disk");
  // It may have looked before all of it was written.
  const words = /^the job takes [\d.]+ MiB of the host's disk, [\d.]+ MiB of that in out; it may take 8 MiB$/;
  assert(words.test(message), message);
  const again = () => watchDisks(folder.path, { minFreeBytes: 0, budgetBytes: 8 * MIB });
  assertEquals((await assertRejects(again, BerthError)).code, "job.disk");
});

Deno.test("watchDisks() lets nobody begin at the floor, whoever else is to go first", async () => {
  await using folder = await temporaryFolder();
  const options = { minFreeBytes: 2 ** 53, othersFirst: () => Promise.resolve(true) };
  assertEquals((await assertRejects(() => watchDisks(folder.path, options), BerthError)).code, "host.disk-full");
});

Deno.test("expectRoom() and watchRoom() refuse a folder whose disk is at its floor", async () => {
  await using folder = await temporaryFolder();
  assert(await expectRoom([folder.path], 0) > 0);
  for (const look of [expectRoom, watchRoom]) {
    const error = await assertRejects(() => look([folder.path], 2 ** 53), BerthError);
    assertEquals(error.code, "host.disk-full");
  }
  using watch = await watchRoom([folder.path], 0);
  assertEquals(watch.signal.aborted, false);
});
