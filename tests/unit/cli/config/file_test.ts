// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { SETTINGS } from "../../../../lib/cli/config/settings.ts";
import { parseConfigFile } from "../../../../lib/cli/config/file.ts";

function parse(text: string): [key: string, values: readonly string[]][] {
  return [...parseConfigFile(text).values].map(([{ key }, values]) => [key, values]);
}

Deno.test("parseConfigFile() takes texts, numbers where a number is all that there is, and lists where a flag repeats", () => {
  assertEquals(parse("{}"), []);
  const text = `{ "jail": "require", "memory": "1G", "pids": 300, "swap": 0, "cpuQuota": 150, "state": "/srv/berth",
    "ioMax": ["sda:rbps=1M", "sdb:wbps=1M"] }`;
  assertEquals(parse(text), [
    ["state", ["/srv/berth"]],
    ["memory", ["1G"]],
    ["pids", ["300"]],
    ["swap", ["0"]],
    ["cpuQuota", ["150"]],
    ["ioMax", ["sda:rbps=1M", "sdb:wbps=1M"]],
    ["jail", ["require"]],
  ]);
  assertEquals(parse('{ "ioMax": "sda:rbps=1M" }'), [["ioMax", ["sda:rbps=1M"]]]);
});

Deno.test("parseConfigFile() takes a number for every size and count, and for nothing else", () => {
  for (const { key, flag } of SETTINGS) {
    const isNumber = flag?.kind === "size" || flag?.kind === "count";
    const parseNumber = () => parse(JSON.stringify({ [key]: 100 }));
    if (isNumber) assertEquals(parseNumber(), [[key, ["100"]]]);
    else assertThrows(parseNumber, BerthError, `${key} must be a string`);
  }
});

const WRONG: [text: string, ...words: string[]][] = [
  ["", "this is not JSON"],
  ["memory=1G", "this is not JSON"],
  ['{ "memory": "1G", }', "this is not JSON"],
  ["[]", "this is not an object"],
  ["null", "this is not an object"],
  ['"1G"', "this is not an object"],
  ['{ "memroy": "1G" }', 'unknown key "memroy"; did you mean "memory"?'],
  ['{ "memory-high": "1G" }', 'unknown key "memory-high"; did you mean "memoryHigh"?'],
  ['{ "BERTH_MEMORY": "1G" }', 'unknown key "BERTH_MEMORY"'],
  ['{ "a": 1, "env": [] }', 'unknown key "a"', 'unknown key "env"'],
  ['{ "__proto__": {} }', 'unknown key "__proto__"'],
  ['{ "constructor": {} }', 'unknown key "constructor"'],
  ['{ "a\\nb": 1 }', 'unknown key "a\\nb"'],
  ['{ "memory": true }', "memory must be a string or a number, as --memory takes it: SIZE"],
  ['{ "memory": null }', "memory must be a string or a number"],
  ['{ "memory": ["1G"] }', "memory must be a string or a number"],
  ['{ "timeout": 90 }', "timeout must be a string, as --timeout takes it: TIME"],
  ['{ "image": 1, "accel": 2 }', "image must be a string", "accel must be a string"],
  ['{ "state": 1 }', "state must be a string: an absolute path"],
  ['{ "ioMax": [] }', "ioMax must be a string, or several in a list"],
  ['{ "ioMax": [5] }', "ioMax must be a string, or several in a list"],
  ['{ "image": "" }', "image is empty; leave it out, or give it a value"],
  ['{ "image": "a\\u0000b" }', "image must be text without control characters"],
];
for (const [text, ...words] of WRONG) {
  Deno.test(`parseConfigFile() refuses ${text || "an empty file"}, and names the file and what is wrong`, () => {
    const error = assertThrows(() => parseConfigFile(text), BerthError);
    assertEquals(error.code, "config.file");
    for (const part of ["/etc/berth/config.json: ", ...words]) assertStringIncludes(error.message, part);
  });
}

Deno.test("parseConfigFile() ends with words for a list that is wrong in hundreds of thousands of places", () => {
  const text = JSON.stringify({ volumes: Array(200_000).fill("\n"), volume: Array(200_000).fill("\n") });
  assertEquals(assertThrows(() => parseConfigFile(text), BerthError).code, "config.file");
});

Deno.test("parseConfigFile() tells ten problems of a thousand, and nothing of a key's thousandth letter", () => {
  const keys = Array.from({ length: 1000 }, (_, index) => [`x${index}`.padEnd(1000, "y"), 1]);
  const { message } = assertThrows(() => parseConfigFile(JSON.stringify(Object.fromEntries(keys))), BerthError);
  assertEquals([message.split("unknown key").length - 1, message.endsWith("; and more")], [10, true]);
  assertEquals(message.length < 1500, true);
});
