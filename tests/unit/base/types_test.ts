/**
 * The types of lib/base/types are types: each wrong use below fails `deno check`, and `deno test` with it. Were a
 * function `any`, its directive would have nothing to expect, which is an error as well.
 *
 * @module
 */

// @ts-types="../../../lib/base/types/parse_args.d.ts"
import { parseArgs } from "@std/cli/parse-args";
// @ts-types="../../../lib/base/types/text_line_stream.d.ts"
import { TextLineStream } from "@std/streams/text-line-stream";
// @ts-types="../../../lib/base/types/closest_string.d.ts"
import { closestString } from "@std/text/closest-string";
// @ts-types="../../../lib/base/types/levenshtein_distance.d.ts"
import { levenshteinDistance } from "@std/text/levenshtein-distance";
// @ts-types="../../../lib/base/types/path.d.ts"
import { basename, dirname, fromFileUrl, join } from "@std/path";
// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";

Deno.test("the types of @std/path and @std/cli let right uses through, which do what they say", () => {
  assertEquals([basename("/a/b.txt", ".txt"), dirname("/a/b"), join("a", "..", "b")], ["b", "/a", "b"]);
  assertEquals(fromFileUrl("file:///a%20b"), "/a b");
  assertEquals(parseArgs(["--a=1", "x"], { string: ["a"] }), { _: ["x"], a: "1" });
});

Deno.test("the types of @std/text and @std/streams do so, too", async () => {
  assertEquals([closestString("hep", ["size", "help"]), levenshteinDistance("kitten", "sitting")], ["help", 3]);
  const lines = ReadableStream.from(["a", "\nb\r\n", "c"]).pipeThrough(new TextLineStream());
  assertEquals(await Array.fromAsync(lines), ["a", "b", "c"]);
});

/** Never called: it is there to be checked. */
export function wrongUses(): void {
  // @ts-expect-error: a path is text
  basename(1);
  // @ts-expect-error: and there must be one
  dirname();
  // @ts-expect-error: what comes back is text, not a number
  const number: number = join("a", "b");
  // @ts-expect-error: a URL or its text
  fromFileUrl(number > 0);
  // @ts-expect-error: names are a list
  parseArgs([], { string: "a" });
  // @ts-expect-error: there is no such option
  parseArgs([], { strings: ["a"] });
  // @ts-expect-error: a flag's value is unknown until it was looked at
  parseArgs([], {}).flag.length;
  // @ts-expect-error: words are a list
  closestString("a", "b");
  // @ts-expect-error: there is no such option
  closestString("a", [], { caseInsensitive: true });
  // @ts-expect-error: a distance is of two words
  levenshteinDistance("a");
  // @ts-expect-error: lines are of text
  ReadableStream.from([new Uint8Array()]).pipeThrough(new TextLineStream());
  // @ts-expect-error: of one type
  assertEquals(1, "1");
}
