// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { describeLeft } from "../../../lib/job/collect.ts";

const SAID: [text: string, words: string][] = [
  ["tar: 0/run/sock: socket ignored", "run/sock: it is a socket"],
  ["tar: 1: socket ignored", "/report: it is a socket"],
  ["tar: 0/ddd...: File name too long", "ddd...: File name too long"],
  ["tar: 2/x: odd", "tar: 2/x: odd"],
  ["and 7 more", "and 7 more"],
];

for (const [text, words] of SAID) {
  Deno.test(`describeLeft() makes of "${text}" what is left out`, () => {
    assertEquals(describeLeft(text, ["/out", "/report"]), words);
  });
}
