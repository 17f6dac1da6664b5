// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertMatch } from "@std/assert";
import { randomId, randomToken } from "../../../lib/base/ids.ts";

Deno.test("randomId() has twelve letters that no name of a cgroup or a VM minds", () => {
  for (let count = 0; count < 200; count++) assertMatch(randomId(), /^[0-9abcdefghjkmnpqrstvwxyz]{12}$/);
});

Deno.test("randomToken() has 26 letters, as the agent's hello wants", () => {
  for (let count = 0; count < 200; count++) assertMatch(randomToken(), /^[0-9abcdefghjkmnpqrstvwxyz]{26}$/);
});

Deno.test("randomId() uses all of its alphabet, evenly, and does not repeat", () => {
  const ids = Array.from({ length: 2000 }, randomId);
  assertEquals(new Set(ids).size, 2000);
  const counts = Map.groupBy(ids.join(""), (letter) => letter);
  assertEquals(counts.size, 32);
  // 750 of each are expected, with a standard deviation of 27.
  for (const [letter, { length }] of counts) assertEquals(length > 550 && length < 950, true, `${letter}: ${length}`);
});
