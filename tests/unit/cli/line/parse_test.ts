// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../../lib/base/errors.ts";
import type { Flag } from "../../../../lib/cli/line/flag.ts";
import { RUN_FLAGS } from "../../../../lib/cli/line/run_flags.ts";
import { parseFlags } from "../../../../lib/cli/line/parse.ts";

const FLAGS: readonly Flag[] = [
  { name: "memory", value: "SIZE", help: "memory" },
  { name: "env", value: "K=V", help: "environment", repeats: true },
  { name: "quiet", help: "quiet" },
  { name: "tenant", value: "NAME", help: "whose job it is", notYet: true },
];

Deno.test("parseFlags() reads flags up to the command, and leaves the command's own alone", () => {
  const flags = parseFlags(["--memory", "1G", "--quiet", "make", "--memory", "2G", "-j4", "--unknown"], FLAGS);
  assertEquals(flags.value("memory"), "1G");
  assertEquals([flags.has("quiet"), flags.has("memory")], [true, false]);
  assertEquals(flags.rest, ["make", "--memory", "2G", "-j4", "--unknown"]);
});

Deno.test("parseFlags() says which flags were not given", () => {
  const flags = parseFlags(["make"], FLAGS);
  assertEquals([flags.value("memory"), flags.values("env"), flags.has("quiet")], [undefined, [], false]);
});

Deno.test("parseFlags() takes a value after an equals sign, with more of them in it", () => {
  const flags = parseFlags(["--env=A=b=c", "--env", "D=-e", "--memory=-1", "x"], FLAGS);
  assertEquals(flags.values("env"), ["A=b=c", "D=-e"]);
  assertEquals(flags.value("memory"), "-1");
});

Deno.test("parseFlags() takes a dash alone for a value of flags that read it, or for the command's first word", () => {
  const flags = parseFlags(["--from", "-", "-", "x"], [...FLAGS, {
    name: "from",
    value: "FILE",
    help: "",
    takesDash: true,
  }]);
  assertEquals([flags.value("from"), flags.rest], ["-", ["-", "x"]]);
  assertThrows(() => parseFlags(["--env", "-", "x"], FLAGS), BerthError, "--env needs a value");
});

Deno.test("of berth run's flags only --request reads standard input by a dash", () => {
  assertEquals(RUN_FLAGS.filter(({ takesDash }) => takesDash).map(({ name }) => name), ["request"]);
});

Deno.test("parseFlags() takes everything after -- for the command, and a -- in there too", () => {
  assertEquals(parseFlags(["--", "--quiet", "--", "x", ""], FLAGS).rest, ["--quiet", "--", "x", ""]);
  assertEquals(parseFlags(["--quiet", "--", "true"], FLAGS).rest, ["true"]);
});

Deno.test("parseFlags() keeps a -- inside of a command that began without one", () => {
  assertEquals(parseFlags(["git", "log", "--", "file"], FLAGS).rest, ["git", "log", "--", "file"]);
});

Deno.test("parseFlags() keeps words that look like numbers as they are", () => {
  assertEquals(parseFlags(["--", "007", "1e3", "0x10", "-0"], FLAGS).rest, ["007", "1e3", "0x10", "-0"]);
  assertEquals(parseFlags(["007", "1e3"], FLAGS).rest, ["007", "1e3"]);
});

for (const word of ["true", "false"]) {
  Deno.test(`parseFlags() does not take the command ${word} for the value of the flag before it`, () => {
    const flags = parseFlags(["--quiet", word], FLAGS);
    assertEquals([flags.rest, flags.has("quiet")], [[word], true]);
  });
}

const WRONG: [string, string[], ErrorCode, string][] = [
  ["an unknown flag", ["--frob", "x"], "usage.flag", "unknown flag --frob"],
  ["a mistyped flag, and names the right one", ["--memroy", "1G"], "usage.flag", 'did you mean "--memory"?'],
  ["an unknown flag without repeating its value", ["--pass=secret", "x"], "usage.flag", "unknown flag --pass"],
  ["a short flag", ["-q", "x"], "usage.flag", "unknown flag -q"],
  ["a flag without its value at the end", ["--memory"], "usage.value", "--memory needs a value: SIZE"],
  ["a flag without its value before another flag", ["--memory", "--quiet"], "usage.value", "--memory needs a value"],
  ["a flag without its value before --", ["--memory", "--", "x"], "usage.value", "--memory needs a value"],
  ["an empty value", ["--memory=", "x"], "usage.value", "--memory needs a value"],
  ["an empty value among others", ["--env=A=1", "--env=", "x"], "usage.value", "--env needs a value: K=V"],
  [
    "a flag twice that may stand once",
    ["--memory=1G", "--memory=1G"],
    "usage.flag",
    "--memory is given more than once",
  ],
  ["what is still to come", ["--tenant", "a", "x"], "usage.not-yet", "--tenant (whose job it is) is not there yet"],
  ["a value for a flag that has none", ["--quiet=no", "x"], "usage.value", "--quiet"],
  ["a negated flag", ["--no-quiet", "x"], "usage.flag", "--no-quiet"],
  ["a name that every object has", ["--constructor", "x"], "usage.flag", "unknown flag --constructor"],
];
for (const [what, argv, code, words] of WRONG) {
  Deno.test(`parseFlags() refuses ${what}`, () => {
    const error = assertThrows(() => parseFlags(argv, FLAGS), BerthError, words);
    assertEquals(error.code, code);
    assertEquals(error.message.includes("secret"), false);
  });
}
