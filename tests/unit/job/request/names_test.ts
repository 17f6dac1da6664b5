// @ts-types="../../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { isJobFlag } from "../../../../lib/cli/line/flag.ts";
import { RUN_FLAGS } from "../../../../lib/cli/line/run_flags.ts";
import { bothNames, NAMED_FLAGS } from "../../../../lib/job/request/names.ts";

Deno.test("bothNames() names the flag that says the key", () => {
  assertEquals(bothNames("memoryHighBytes"), "--memory-high (memoryHighBytes)");
  for (const [key, flag] of Object.entries(NAMED_FLAGS)) {
    assertEquals(RUN_FLAGS.filter(isJobFlag).find((one) => one.key === key)?.name, flag);
  }
});
