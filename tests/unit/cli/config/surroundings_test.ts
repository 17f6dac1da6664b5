// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { defaultState } from "../../../../lib/cli/config/surroundings.ts";

Deno.test("defaultState() is root's own place, or one in the user's home, and never one that everybody has", () => {
  assertEquals(defaultState(true, new Map()), "/var/lib/berth");
  assertEquals(defaultState(false, new Map([["HOME", "/home/ci"]])), "/home/ci/.local/share/berth");
  assertEquals(defaultState(false, new Map([["XDG_DATA_HOME", "/data"]])), "/data/berth");
  for (const variables of [[], [["HOME", ""], ["XDG_DATA_HOME", ""]]] as [string, string][][]) {
    const error = assertThrows(
      () => defaultState(false, new Map(variables)),
      BerthError,
      "neither HOME nor BERTH_STATE",
    );
    assertEquals(error.code, "host.state");
  }
});
