// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { expectRight, judgeLine, listen } from "../../../../lib/image/import/tool_output.ts";

const ROOT_MEMBER = "Empty tar filename after skipping leading /, ./, or ../, ignoring";

/** sqfstar's own words, of 4.5.1 and 4.6.1. */
const LINES: [string, ReturnType<typeof judgeLine>][] = [
  [ROOT_MEMBER, "harmless"],
  ["", "harmless"],
  ['Unrecognised keyword "SCHILY.acl.access" in pax header, ignoring', "note"],
  ['Unrecognised keyword "LIBARCHIVE.creationtime" in pax header, ignoring', "note"],
  ["Unrecognised tar xattr prefix system.posix_acl_access, ignoring", "note"],
  ['Unrecognised keyword "SCHILY.realsize" in pax header, ignoring', "wrong"],
  ["usr/bin/x already exists in the tar file, ignoring", "wrong"],
  ["usr already exists in the tar file, ignoring!", "wrong"],
  ["Could not resolve hardlink a, file b doesn't exist", "wrong"],
  ["Could not resolve hardlink a, because b is a directory", "wrong"],
  ["Error: Tar hardlink pathname can't have '.' or '..' in it", "wrong"],
  ["Unhandled tar type in header 0x53 - ignoring", "wrong"],
  ["Filename is greater than 256 characters, truncating! ...", "wrong"],
  ["Invalid LIBARCHIVE xattr base64 value, ignoring", "wrong"],
  ["what nobody has seen yet", "wrong"],
  // A member of that name.
  [`${ROOT_MEMBER} already exists in the tar file, ignoring`, "wrong"],
];
for (const [line, wanted] of LINES) {
  Deno.test(`judgeLine() finds ${JSON.stringify(line)} ${wanted}`, () =>
    assertEquals(judgeLine("sqfstar", line), wanted));
}

Deno.test("judgeLine() leaves it to other tools' exit status whether all is well", () => {
  assertEquals(judgeLine("tar", "tar: Removing leading `/' from member names"), "note");
  const star = "tar: Ignoring unknown extended header keyword 'SCHILY.realsize'";
  assertEquals([judgeLine("tar", star), judgeLine("tar", star.replace("real", ""))], ["wrong", "note"]);
});

function stream(...chunks: string[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(chunks.map((chunk) => new TextEncoder().encode(chunk)));
}

Deno.test("listen() finds the first wrong line, however much is said before it and after it", async () => {
  const noise = `${ROOT_MEMBER}\n`.repeat(50_000);
  const said = await listen("sqfstar", stream(noise, "x already exists ", "in it\ny is wrong too\n", noise, "the end"));
  assertEquals([said.wrong, said.tail.endsWith("ignoring\nthe end"), said.tail.length], [
    "x already exists in it",
    true,
    16384,
  ]);
});

Deno.test("listen() takes a last line without a newline, and one that never ends, for wrong", async () => {
  assertEquals((await listen("sqfstar", stream("wrong"))).wrong, "wrong");
  const endless = await listen("sqfstar", stream(ROOT_MEMBER, ...Array(100).fill("x".repeat(1000))));
  assertEquals(endless.wrong?.startsWith(`${ROOT_MEMBER}x`), true);
});

Deno.test("listen() keeps some notes of many", async () => {
  const { notes, wrong } = await listen("tar", stream("tar: a\n".repeat(1000)));
  assertEquals([notes.length, notes[0], wrong], [10, "tar: a", undefined]);
});

Deno.test("expectRight() names what is wrong, with nothing in it that a terminal obeys", () => {
  const wrong = "\x1b[2Jx already exists in the tar file, ignoring";
  const error = assertThrows(() => expectRight("sqfstar", { tail: "", notes: [], wrong }, "root.tar"), BerthError);
  const words = '"[2Jx already exists in the tar file, ignoring"';
  assertEquals([error.code, error.message], ["image.import", `root.tar: sqfstar can't take it as it is: ${words}`]);
  expectRight("sqfstar", { tail: "", notes: ["x"] }, "root.tar");
});
