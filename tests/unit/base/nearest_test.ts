// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
// @ts-types="../../../lib/base/types/levenshtein_distance.d.ts"
import { levenshteinDistance } from "@std/text/levenshtein-distance";
import { didYouMean } from "../../../lib/base/nearest.ts";

const DISTANCES: [string, string, number][] = [
  ["", "", 0],
  ["", "abc", 3],
  ["abc", "", 3],
  ["memory", "memory", 0],
  ["memmory", "memory", 1],
  ["kitten", "sitting", 3],
  ["ab", "ba", 2],
];
for (const [a, b, distance] of DISTANCES) {
  Deno.test(`levenshteinDistance() of "${a}" and "${b}" is ${distance}, either way`, () => {
    assertEquals([levenshteinDistance(a, b), levenshteinDistance(b, a)], [distance, distance]);
  });
}

Deno.test("didYouMean() names the nearest name", () => {
  assertEquals(didYouMean("memry", ["cpus", "memory", "memories"]), '; did you mean "memory"?');
  assertEquals(didYouMean("sl", ["build", "ls"]), "");
  assertEquals(didYouMean("l", ["build", "ls"]), '; did you mean "ls"?');
  assertEquals(didYouMean("LS", ["build", "ls"]), "");
  // The nearest of those that are near for their length: "ab" is nearer, and nothing like it.
  assertEquals(didYouMean("abcdefg", ["abcde", "abcdefghij"]), '; did you mean "abcdefghij"?');
  assertEquals(didYouMean("lss", ["lsx", "lsy"]), '; did you mean "lsx"?');
});

Deno.test("didYouMean() does not guess when nothing is near, or nothing is known", () => {
  assertEquals(didYouMean("frobnicate", ["cpus", "memory"]), "");
  assertEquals(didYouMean("x", []), "");
});
