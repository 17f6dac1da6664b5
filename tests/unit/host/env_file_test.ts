// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseEnvFile } from "../../../lib/host/env_file.ts";

function parse(text: string | Uint8Array): [name: string, value: string | undefined][] {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return parseEnvFile(bytes, "--env-file f").map(({ name, value }) => [name, value]);
}

const TAKES: [what: string, text: string, expected: [string, string | undefined][]][] = [
  ["nothing at all", "", []],
  ["lines in their order, the last without its end", "B=2\nA=1\nB=3", [["B", "2"], ["A", "1"], ["B", "3"]]],
  ["names alone", "HOME\n TOKEN \n", [["HOME", undefined], ["TOKEN", undefined]]],
  ["comments and empty lines", "# A=1\n\n   \n  # B=2\nC=3 # not one\n", [["C", "3 # not one"]]],
  ["values as they are", "A= \"x\" 'y' $Z\\n \nB==\nC=\n", [["A", " \"x\" 'y' $Z\\n "], ["B", "="], ["C", ""]]],
  ["lines of Windows, and its mark of UTF-8", "\uFEFFA=1\r\nB=ä\r\n", [["A", "1"], ["B", "ä"]]],
  ["names that no shell would take", "a.b-c=1\n", [["a.b-c", "1"]]],
];
for (const [what, text, expected] of TAKES) {
  Deno.test(`parseEnvFile() takes ${what}`, () => assertEquals(parse(text), expected));
}

const REFUSES: [what: string, text: string | Uint8Array, words: string][] = [
  ["a value without a name", "A=1\n=hunter2", "--env-file f, line 2: there is no name before the ="],
  ["a space in a name", "MY TOKEN=hunter2\n", "--env-file f, line 1: there is a space in the name"],
  ["a second word behind a name alone", "\nTOKEN hunter2\n", "--env-file f, line 2: there is a space in the name"],
  ["a NUL", "\n\nA=hunter2\0\n", "--env-file f, line 3: there is a NUL in it"],
  ["what is no text", new Uint8Array([0x41, 0x3d, 0xff, 0x0a]), "--env-file f, line 1: it is not UTF-8"],
];
for (const [what, text, words] of REFUSES) {
  Deno.test(`parseEnvFile() refuses ${what}, with the line's number and not with what stands there`, () => {
    const { message } = assertThrows(() => parse(text), Error, words);
    assert(!message.includes("hunter2"), message);
  });
}
