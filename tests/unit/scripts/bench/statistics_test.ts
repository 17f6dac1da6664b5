// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import {
  compare,
  growthMiB,
  isMet,
  mebibytesPerSecond,
  median,
  type MemorySample,
  summarize,
} from "../../../../scripts/bench/statistics.ts";

Deno.test("median() takes the middle by size, whatever the order, and the mean of two middles", () => {
  assertEquals(median([9, 1, 10]), 9);
  assertEquals(median([100, 1, 20, 3]), 11.5);
  assertEquals(median([7]), 7);
  assertThrows(() => median([]), RangeError, "nothing");
});

Deno.test("median() leaves its samples as they are", () => {
  const samples = [3, 1, 2];
  median(samples);
  assertEquals(samples, [3, 1, 2]);
});

Deno.test("summarize() keeps the range and every sample", () => {
  assertEquals(summarize([5, 2, 4]), { median: 4, min: 2, max: 5, samples: [5, 2, 4] });
});

Deno.test("compare() gives the ratio of medians, and apart from it the median of each pair's ratio", () => {
  // The second pair was taken while something else was running: it shifts both of its samples, not its ratio.
  const { berth, other, ratio, pairRatio } = compare([[12, 10], [60, 50], [22, 20]]);
  assertEquals([berth.median, other.median], [22, 20]);
  assertEquals(ratio, 1.1);
  assertEquals(pairRatio, 1.2);
});

Deno.test("mebibytesPerSecond() counts from the first byte to the last, and tells no speed of a moment", () => {
  assertEquals(mebibytesPerSecond(64 * 1024 ** 2, 1000, 3000), 32);
  assertThrows(() => mebibytesPerSecond(10, 5, 5), RangeError, "at once");
});

const samples: MemorySample[] = [
  { atMs: 10, kib: 90_000 },
  { atMs: 20, kib: 51_200 },
  { atMs: 30, kib: 61_440 },
  { atMs: 40, kib: 56_320 },
  { atMs: 50, kib: 99_000 },
];

Deno.test("growthMiB() goes from the first sample of the span to the largest, and not beyond the span", () => {
  assertEquals(growthMiB(samples, 15, 45), 10);
  assertEquals(growthMiB(samples, 20, 20 + 10), 10);
});

Deno.test("growthMiB() of a process that only shrinks is zero", () => {
  assertEquals(growthMiB([{ atMs: 1, kib: 500 }, { atMs: 2, kib: 400 }], 0, 9), 0);
});

Deno.test("growthMiB() does not take a process that was hardly seen for one that did not grow", () => {
  assertThrows(() => growthMiB(samples, 45, 55), RangeError, "seen 1 times");
  assertThrows(() => growthMiB([], 0, 100), RangeError, "seen 0 times");
});

Deno.test("isMet() knows which way a target points, and whether its edge belongs to it", () => {
  assertEquals([1.14, 1.15, 1.16].map((ratio) => isMet({ at: "most", value: 1.15 }, ratio)), [true, true, false]);
  assertEquals([0.79, 0.8, 0.81].map((ratio) => isMet({ at: "least", value: 0.8 }, ratio)), [false, true, true]);
  assertEquals([31.9, 32, 32.1].map((mib) => isMet({ at: "below", value: 32 }, mib)), [true, false, false]);
});
