// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { isInMask, SIGNAL_NUMBERS } from "../../../lib/host/ignored_signals.ts";

Deno.test("isInMask() reads a mask as the kernel writes it", () => {
  const ignored = (mask: string) =>
    Object.entries(SIGNAL_NUMBERS).flatMap(([name, n]) => isInMask(mask, n) ? [name] : []);
  assertEquals(ignored("0000000000000000\n"), []);
  assertEquals(ignored("0000000000000001\n"), ["SIGHUP"]);
  assertEquals(ignored("0000000180001003\n"), ["SIGHUP", "SIGINT", "SIGPIPE"]);
  assertEquals(ignored("fffffffe7ffbfeff\n"), ["SIGHUP", "SIGINT", "SIGPIPE", "SIGTERM"]);
});
