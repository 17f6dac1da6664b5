// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import {
  formatAge,
  formatBytes,
  formatMillis,
  parseAge,
  parseCount,
  parseDuration,
  parseSize,
  writeDuration,
  writeSize,
} from "../../../lib/base/units.ts";

const SIZES: [string, number][] = [
  ["1", 1],
  ["0", 0],
  ["1K", 1024],
  ["512M", 536_870_912],
  ["2G", 2_147_483_648],
  ["007M", 7_340_032],
];
for (const [text, bytes] of SIZES) {
  Deno.test(`parseSize() reads ${text}`, () => assertEquals(parseSize(text, "--x"), bytes));
}

for (const text of ["", "M", "512MB", "512m", "1.5G", "-1", "+1", " 1", "1 ", "1\n", "0x10", "1e3", "1T", "١"]) {
  Deno.test(`parseSize() refuses ${JSON.stringify(text)}, and names the flag and the text`, () => {
    const error = assertThrows(() => parseSize(text, "--memory"), BerthError, `--memory: "${text}" is not a size`);
    assertEquals(error.code, "usage.value");
  });
}

Deno.test("parseSize() refuses a number of bytes that it could not keep exactly", () => {
  assertEquals(parseSize("8388607G", "--x"), 8_388_607 * 1024 ** 3);
  assertThrows(() => parseSize("8388608G", "--x"), BerthError, "8388608G is too large");
});

const DURATIONS: [string, number][] = [["90s", 90_000], ["10m", 600_000], ["2h", 7_200_000], ["1.5h", 5_400_000], [
  "1d",
  86_400_000,
], ["0.001s", 1]];
for (const [text, millis] of DURATIONS) {
  Deno.test(`parseDuration() reads ${text}`, () => assertEquals(parseDuration(text, "--x"), millis));
}

for (const text of ["", "10", "0s", "0.0s", "-1s", "1ms", "1w", ".5s", "1.s", "1.0001s", "1 s", "1s\n", "Infinitys"]) {
  Deno.test(`parseDuration() refuses ${JSON.stringify(text)}`, () => {
    const error = assertThrows(() => parseDuration(text, "--timeout"), BerthError, `--timeout: "${text}"`);
    assertEquals(error.code, "usage.value");
  });
}

Deno.test("parseDuration() refuses what a timer can't wait for", () => {
  assertEquals(parseDuration("2147483.647s", "--x"), 0x7fffffff);
  assertThrows(() => parseDuration("2147483.648s", "--x"), BerthError, "longer than 24 days");
  assertThrows(() => parseDuration("999999999h", "--x"), BerthError, "longer than 24 days");
});

Deno.test("parseCount() takes both bounds and nothing beyond", () => {
  assertEquals(["16", "17", "64"].map((text) => parseCount(text, "--x", 16, 64)), [16, 17, 64]);
  for (const text of ["15", "65", "", "1.0", "-16", "2e1", "16 ", "99999999999"]) {
    assertThrows(
      () => parseCount(text, "--pids", 16, 64),
      BerthError,
      `--pids: "${text}" is not a whole number from 16`,
    );
  }
});

const FORMATTED_BYTES: [number, string][] = [
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1 KiB"],
  [1536, "1.5 KiB"],
  [1024 ** 2, "1 MiB"],
  [5 * 1024 ** 4, "5120 GiB"],
];
for (const [bytes, text] of FORMATTED_BYTES) {
  Deno.test(`formatBytes() writes ${bytes} as ${text}`, () => assertEquals(formatBytes(bytes), text));
}

const FORMATTED_MILLIS: [number, string][] = [[0, "0 ms"], [999, "999 ms"], [1000, "1 s"], [2549, "2.5 s"]];
for (const [millis, text] of FORMATTED_MILLIS) {
  Deno.test(`formatMillis() writes ${millis} as ${text}`, () => assertEquals(formatMillis(millis), text));
}

Deno.test("parseAge() reads what no timer could wait for", () => {
  assertEquals(
    ["12h", "30d", "3650d"].map((text) => parseAge(text, "--x")),
    [12, 720, 87_600].map((h) => h * 3_600_000),
  );
  for (const text of ["", "30", "0d", "-1d", "1w", "d"]) {
    const error = assertThrows(() => parseAge(text, "--older"), BerthError, `--older: "${text}" is not a positive`);
    assertEquals(error.code, "usage.value");
  }
});

const AGES: [number, string][] = [
  [-5, "0 s"],
  [0, "0 s"],
  [59_999, "59 s"],
  [60_000, "1 min"],
  [3_599_999, "59 min"],
  [
    3_600_000,
    "1 h",
  ],
  [86_399_999, "23 h"],
  [86_400_000, "1 d"],
  [400 * 86_400_000, "400 d"],
];
for (const [millis, text] of AGES) {
  Deno.test(`formatAge() writes ${millis} as ${text}`, () => assertEquals(formatAge(millis), text));
}

Deno.test("writeSize() and writeDuration() write what parseSize() and parseDuration() read", () => {
  const sizes = [0, 1, 1023, 1024, 1536, 256 * 1024 ** 2, 1024 ** 3 + 1024 ** 2, 3 * 1024 ** 3];
  assertEquals(sizes.map(writeSize), ["0", "1", "1023", "1K", "1536", "256M", "1025M", "3G"]);
  assertEquals(sizes.map((bytes) => parseSize(writeSize(bytes), "--x")), sizes);
  const durations = [1000, 90_000, 300_000, 3_600_000, 172_800_000];
  assertEquals(durations.map(writeDuration), ["1s", "90s", "5m", "1h", "2d"]);
  assertEquals(durations.map((millis) => parseDuration(writeDuration(millis), "--x")), durations);
});
