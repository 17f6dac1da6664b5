// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { settlesWithin } from "../../../lib/base/deadline.ts";
import { watchFreeSpace } from "../../../lib/host/disk.ts";
import { temporaryFolder } from "../../support/temp.ts";

Deno.test("watchFreeSpace() is silent while there is space, and leaves no timer behind", async () => {
  await using folder = await temporaryFolder();
  using watch = watchFreeSpace(folder.path);
  assertEquals(await settlesWithin(watch.failure, 1), false);
});
