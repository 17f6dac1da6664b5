// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { type ImageAge, planPrune, planSweep } from "../../../lib/image/prune.ts";

const NOW = 1_000_000;
const OLDER = 1000;

const CASES: [string, Omit<ImageAge, "name">, boolean][] = [
  ["built long ago, never used", { builtAtMs: NOW - 1001, isUsed: false }, true],
  ["built exactly so long ago", { builtAtMs: NOW - 1000, isUsed: false }, true],
  ["built since", { builtAtMs: NOW - 999, isUsed: false }, false],
  ["built long ago, used since", { builtAtMs: 0, usedAtMs: NOW - 999, isUsed: false }, false],
  ["built and used long ago", { builtAtMs: 0, usedAtMs: NOW - 1000, isUsed: false }, true],
  ["used long ago, built anew since", { builtAtMs: NOW - 1, usedAtMs: 0, isUsed: false }, false],
  ["a job runs on it since long ago", { builtAtMs: 0, usedAtMs: 0, isUsed: true }, false],
  ["built in the future: a clock was set back", { builtAtMs: NOW + 5000, isUsed: false }, false],
];
for (const [what, facts, goes] of CASES) {
  Deno.test(`planPrune() ${goes ? "removes" : "keeps"} an image: ${what}`, () => {
    assertEquals(planPrune([{ name: "x", ...facts }], NOW, OLDER), goes ? ["x"] : []);
  });
}

Deno.test("planPrune() decides for each image alone, and keeps their order", () => {
  const images = ["c", "a", "b"].map((name) => ({ name, builtAtMs: name === "a" ? NOW : 0, isUsed: false }));
  assertEquals(planPrune(images, NOW, OLDER), ["c", "b"]);
});

Deno.test("planSweep() finds the files that no spec names, whatever else stands in the specs", () => {
  const specs = [
    '{"kernel": "../.store/aa.kernel"}',
    '{"new field": [{"image": "../.store/cc.ext4"}]}',
    "no JSON bb.x",
  ];
  assertEquals(planSweep(["aa.kernel", "bb.x", "cc.ext4", "dd.kernel", "a.kernel"], specs), ["dd.kernel"]);
  assertEquals(planSweep(["aa.kernel"], []), ["aa.kernel"]);
});
