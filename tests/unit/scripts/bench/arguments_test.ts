// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { parseArguments } from "../../../../scripts/bench/arguments.ts";

Deno.test("parseArguments() has ten cold pairs and one GiB three times by default", () => {
  const expected = { starts: 20, pairs: 10, outputPairs: 3, outputMiB: 1024, sizes: 1, json: undefined };
  assertEquals(parseArguments([]), expected);
});

Deno.test("parseArguments() takes each number and the file", () => {
  const argv = "--starts 1 --pairs 2 --output-pairs 3 --output-mib 4 --sizes 5 --json ./x.json".split(" ");
  assertEquals(parseArguments(argv), { starts: 1, pairs: 2, outputPairs: 3, outputMiB: 4, sizes: 5, json: "./x.json" });
});

const wrong = [
  "--pairs",
  "--pairs 0",
  "--pairs -1",
  "--pairs 1.5",
  "--pairs 1e3",
  "--pairs x",
  "--json",
  "--toString 1",
];
for (const line of [...wrong, "pairs 3", "--pears 3", "5"]) {
  Deno.test(`parseArguments() refuses "${line}"`, () => {
    assertThrows(() => parseArguments(line.split(" ")), RangeError, "usage: bench");
  });
}
