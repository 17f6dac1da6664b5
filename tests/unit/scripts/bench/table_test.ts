// @ts-types="../../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { compare, summarize } from "../../../../scripts/bench/statistics.ts";
import { align, formatRows, parseFacts, type Row, rowIsMet } from "../../../../scripts/bench/table.ts";

const cold: Row = {
  name: "cold",
  unit: "ms",
  target: { at: "most", value: 1.15 },
  result: compare([[2400, 2000], [2600, 2000], [2500, 2001]]),
};
const memory: Row = {
  name: "memory",
  unit: "MiB",
  target: { at: "below", value: 32 },
  result: { berth: summarize([3, 31.94, 5]) },
};

Deno.test("rowIsMet() judges the ratio of two sides, and the median of one", () => {
  assertEquals(rowIsMet(cold), false);
  assertEquals(rowIsMet({ ...cold, target: { at: "most", value: 1.25 } }), true);
  assertEquals(rowIsMet(memory), true);
  assertEquals(rowIsMet({ ...memory, target: { at: "below", value: 5 } }), false);
});

Deno.test("formatRows() shows medians, ranges, ratios, and what was wanted, in columns", () => {
  assertEquals(formatRows([cold, memory]).split("\n"), [
    "        berth (min–max)      opponent (min–max)   ratio  by pair  wanted",
    "cold    2500 ms (2400–2600)  2000 ms (2000–2001)  1.250  1.249    ≤ 1.15    missed",
    "memory  5.0 MiB (3.0–31.9)   –                    –      –        < 32 MiB  ok",
  ]);
});

Deno.test("align() makes each column as wide as its widest cell and leaves no spaces at the end", () => {
  assertEquals(align([["a", "bb", ""], ["ccc", "d", "e"]]), "a    bb\nccc  d   e");
});

Deno.test("parseFacts() splits at the first tab and passes over lines without one", () => {
  assertEquals(parseFacts("CPU\tSome: CPU\t@ 3 GHz\nnoise\n\ncores\t2\n"), { CPU: "Some: CPU\t@ 3 GHz", cores: "2" });
  assertEquals(parseFacts("empty\t\n"), { empty: "" });
});
