import { assertEquals, assertThrows } from "@std/assert";
import type { CoreTest } from "../../../core.ts";
import { planSuites } from "../../../../scripts/test/suites.ts";

const CORE: readonly CoreTest[] = [
  { suite: "vm", name: "a", why: "" },
  { suite: "vm", name: "b", why: "" },
  { suite: "host", file: "tests/host/a_test.ts", name: "c", why: "" },
];
const lines = (...argv: string[]) => planSuites(argv, CORE).map(({ task, args }) => [task, ...args].join(" "));

Deno.test("planSuites() has the gate and the core of each suite, and knows how many tests that are", () => {
  assertEquals(lines("core"), [
    "ok",
    "test:faults -- core",
    "test:vm -- core",
    "test:host --timeout 5400 --select core tests/host/a_test.ts",
  ]);
  assertEquals(planSuites(["core"], CORE).map(({ tests }) => tests), [undefined, 0, 2, 1]);
});

Deno.test("planSuites() has everything without an argument, with or without --", () => {
  const all = ["ok", "test:soak 25", "test:faults", "test:vm", "test:host --timeout 5400"];
  assertEquals(lines(), all);
  assertEquals(lines("--"), all);
});

Deno.test("planSuites() has a part of what the core leaves out, which the gate is not", () => {
  assertEquals(lines("--", "2/3"), [
    "test:soak 25",
    "test:faults -- 2/3",
    "test:vm -- 2/3",
    "test:host --timeout 5400 --select 2/3",
  ]);
});

for (const argv of [["some"], ["0/3"], ["core", "1/3"]]) {
  Deno.test(`planSuites() refuses ${argv.join(" ")}`, () => {
    assertThrows(() => planSuites(argv, CORE), TypeError, argv[0]);
  });
}
