import { assertEquals, assertThrows } from "@std/assert";
import { CORE } from "../core.ts";
import { isSelected, parseSelection, type Selection } from "../selection.ts";

Deno.test("parseSelection() reads what a suite is asked for", () => {
  assertEquals(parseSelection(undefined), { kind: "all" });
  assertEquals(parseSelection("core"), { kind: "core" });
  assertEquals(parseSelection("2/3"), { kind: "part", part: 2, parts: 3 });
});

for (const text of ["", "cores", "0/3", "4/3", "1/0", "1", "1/3/3", "-1/3", "01/3"]) {
  Deno.test(`parseSelection() refuses "${text}"`, () => {
    assertThrows(() => parseSelection(text), TypeError, "wants");
  });
}

Deno.test("isSelected() has each test in the core or in one of the parts, and all of them without a selection", () => {
  const names = Array.from({ length: 300 }, (_, index) => `a job that exits with ${index}`);
  const core = new Set(names.slice(0, 20));
  const selections: Selection[] = [
    { kind: "core" },
    ...[1, 2, 3].map((part): Selection => ({ kind: "part", part, parts: 3 })),
  ];
  const parts = selections.map((selection) => names.filter((name) => isSelected(name, selection, core)));
  assertEquals(parts.flat().sort(), names.toSorted());
  assertEquals(parts[0], names.slice(0, 20));
  // About as many in each.
  for (const part of parts.slice(1)) assertEquals(part.length > 70 && part.length < 120, true, String(part.length));
  assertEquals(names.filter((name) => isSelected(name, { kind: "all" }, core)), names);
});

Deno.test("the core names each test once, and says why it is there", () => {
  assertEquals(CORE.length, new Set(CORE.map(({ name }) => name)).size);
  assertEquals(CORE.filter(({ why }) => why === ""), []);
});
