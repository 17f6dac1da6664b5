// @ts-types="../../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import type { Flag } from "../../../../lib/cli/line/flag.ts";
import { flagsFirst, parseNamed } from "../../../../lib/cli/line/names.ts";

const FLAGS: readonly Flag[] = [
  { name: "tenant", value: "NAME", help: "whose" },
  { name: "force", help: "at once" },
];

const LINES: [what: string, line: string, flags: string][] = [
  ["names behind flags", "--tenant a --force x y", "--tenant a --force -- x y"],
  ["names before flags", "x y --tenant a", "--tenant a -- x y"],
  ["names between flags", "x --force y --tenant=a z", "--force --tenant=a -- x y z"],
  ["flags alone", "--force --tenant a", "--force --tenant a"],
  ["nothing", "", ""],
  ["what stands behind --", "x --force -- --tenant a", "--force -- x --tenant a"],
  ["a second --", "x -- y -- z", "-- x y -- z"],
  ["a flag where a value is missing", "--tenant --force x", "--tenant --force -- x"],
  ["an unknown flag, whose value nobody knows", "--no-such a", "--no-such -- a"],
  ["a dash alone, which is a name", "- --force", "--force -- -"],
  ["words that were sorted already", "--force -- x y", "--force -- x y"],
];
for (const [what, line, sorted] of LINES) {
  Deno.test(`flagsFirst() sorts ${what}`, () => {
    assertEquals(flagsFirst(line.split(" ").filter((word) => word), FLAGS).join(" "), sorted);
  });
}

Deno.test("parseNamed() reads flags and names in any order", () => {
  const { rest, value, has } = parseNamed(["007", "--tenant", "a", "", "--force"], FLAGS);
  assertEquals([rest, value("tenant"), has("force")], [["007", ""], "a", true]);
});
