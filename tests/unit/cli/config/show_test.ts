// @ts-types="../../../support/assert.d.ts"
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../../lib/base/errors.ts";
import { CONFIG } from "../../../../lib/cli/config/config.ts";
import { parseConfigFile } from "../../../../lib/cli/config/file.ts";
import { planShown, renderJson, renderTable } from "../../../../lib/cli/config/show.ts";
import { parseRunArgs } from "../../../../lib/cli/run/args.ts";
import { environmentLayer, flagWords, SETTINGS } from "../../../../lib/cli/config/settings.ts";
import { parseCommand } from "../../../support/command_line/commands.ts";

const LAYERS = [
  environmentLayer(new Map([["BERTH_MEMORY", "2G"]])),
  parseConfigFile('{ "memory": "1G", "pids": 300, "ioMax": ["sda:rbps=1M", "sdb:rbps=1M"], "swap": 0 }'),
];

Deno.test("planShown() has every setting, and the place that counts", () => {
  const shown = planShown(LAYERS, "/srv/berth");
  assertEquals(shown.map(({ key }) => key), SETTINGS.map(({ key }) => key));
  const find = (wanted: string) => shown.find(({ key }) => key === wanted);
  const file = "/etc/berth/config.json";
  assertEquals(find("memory"), { key: "memory", value: "2G", from: "BERTH_MEMORY" });
  assertEquals(find("pids"), { key: "pids", value: "300", from: file });
  assertEquals(find("swap"), { key: "swap", value: "0", from: file });
  assertEquals(find("ioMax"), { key: "ioMax", value: ["sda:rbps=1M", "sdb:rbps=1M"], from: file });
  assertEquals(find("state"), { key: "state", value: "/srv/berth", from: "default" });
  assertEquals(find("cpus"), { key: "cpus", value: null, from: "default", note: "the image's own" });
});

Deno.test("what planShown() calls a default is what no flag at all means", () => {
  const words = planShown([], "/srv").flatMap(({ key, value, from }) => {
    assertEquals(from, "default");
    return value === null ? [] : flagWords(SETTINGS.find((one) => one.key === key)!, [value].flat());
  });
  assertEquals(words.length, 12);
  // It is decided with the image: for the parser, absent is absent.
  const { request, ...rest } = parseRunArgs(words, 8 * 1024 ** 3);
  assertEquals([request.drainTimeoutMs, request.cancelTimeoutMs], [300_000, 10_000]);
  const { drainTimeoutMs: _drain, cancelTimeoutMs: _cancel, ...absent } = request;
  assertEquals<unknown>({ request: absent, ...rest }, parseRunArgs([], 8 * 1024 ** 3));
});

Deno.test("planShown() says in words what has no value, and the numbers are those that count", () => {
  const notes = planShown([], "/srv").flatMap(({ key, note }) => note && note !== "no limit" ? [[key, note]] : []);
  assertEquals(notes, [
    ["memory", "the image's own"],
    ["cpus", "the image's own"],
    ["cpuWeight", "the kernel's, 100"],
    ["ioWeight", "the kernel's, 100"],
    ["cpuset", "all"],
    ["cpusetMems", "all"],
    ["timeout", "never"],
    ["bootTimeout", "20s, emulated 1m"],
    ["scratch", "in the guest's memory"],
    ["jail", "require for root, else auto"],
  ]);
});

Deno.test("renderTable() has a line each, and says where it is from", () => {
  const lines = renderTable(planShown(LAYERS, "/srv/berth"));
  assertEquals(lines.length, SETTINGS.length + 1);
  assertEquals(lines[0].split(/ {2,}/), ["KEY", "VALUE", "FROM"]);
  const find = (key: string) => lines.find((line) => line.startsWith(`${key} `))?.split(/ {2,}/);
  assertEquals(find("memory"), ["memory", "2G", "BERTH_MEMORY"]);
  assertEquals(find("ioMax"), ["ioMax", "sda:rbps=1M sdb:rbps=1M", "/etc/berth/config.json"]);
  assertEquals(find("timeout"), ["timeout", "never", "default"]);
});

Deno.test("renderJson() is an object by key", () => {
  const json = JSON.parse(renderJson(planShown(LAYERS, "/srv/berth")));
  assertEquals(Object.keys(json), SETTINGS.map(({ key }) => key));
  assertEquals(json.memory, { value: "2G", from: "BERTH_MEMORY" });
  assertEquals(json.timeout, { value: null, from: "default", note: "never" });
});

Deno.test("berth config --help lists each key with its variable and its flag, in 120 columns", () => {
  for (const words of [["--help"], ["show", "--help"]]) {
    const asked = parseCommand(CONFIG, words);
    assert("help" in asked);
    for (const line of asked.help.split("\n")) assert(line.length <= 120, line);
    if (words.length > 1) continue;
    for (const { key, variable, flag } of SETTINGS) {
      assertStringIncludes(asked.help, `  ${key} `);
      assertStringIncludes(asked.help, ` ${variable} `);
      if (flag) assertStringIncludes(asked.help, `${flag.value}, as --${flag.name}`);
    }
  }
});

const WRONG: [argv: string[], code: ErrorCode][] = [
  [["shwo"], "usage.subcommand"],
  [["show", "memory"], "usage.subcommand"],
  [["show", "--jsn"], "usage.flag"],
];
for (const [argv, code] of WRONG) {
  Deno.test(`berth config ${argv.join(" ")} is refused`, () => {
    assertEquals(assertThrows(() => parseCommand(CONFIG, argv), BerthError).code, code);
  });
}
