// @ts-types="../../../support/assert.d.ts"
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../../lib/base/errors.ts";
import { IMAGE } from "../../../../lib/cli/image/image.ts";
import { parseWarmArgs } from "../../../../lib/cli/image/warm.ts";
import { parseCommand } from "../../../support/command_line/commands.ts";

const parseImageArgs = (argv: readonly string[]) => parseCommand(IMAGE, argv);
const COMMANDS = ["ls", "build", "inspect", "warm", "rm", "prune"];

function help(...argv: string[]): string {
  const asked = parseImageArgs(argv);
  assert("help" in asked, `${argv}`);
  return asked.help;
}

Deno.test("berth image: findCommand() finds the command and has it read the rest", () => {
  const asked = parseImageArgs(["rm", "a", "--force"]);
  assert("command" in asked);
  assertEquals([asked.command.name, asked.args], ["rm", { names: ["a"], force: true }]);
});

for (const argv of [[], ["--help"], ["help"]]) {
  Deno.test(`berth image ${argv} lists its commands`, () => {
    for (const name of COMMANDS) assertStringIncludes(help(...argv), `berth image ${name} `);
  });
}

for (const name of COMMANDS) {
  Deno.test(`berth image ${name} --help shows it alone, whatever else is wrong`, () => {
    const text = help(name, "--no-such", "--help");
    assertStringIncludes(text, `berth image ${name} `);
    assertEquals(text.match(/berth image \S+/g)?.filter((one) => one !== `berth image ${name}`), []);
  });
}

Deno.test("a --help behind -- is a name", () => {
  const asked = parseImageArgs(["rm", "--", "--help"]);
  assertEquals("args" in asked && asked.args.names, ["--help"]);
});

const WRONG: [string[], ErrorCode, string][] = [
  [["buil", "x"], "usage.subcommand", 'did you mean "build"?'],
  [["list"], "usage.subcommand", '"list" is not a command of it'],
  [["inspetc", "x"], "usage.subcommand", 'did you mean "inspect"?'],
  [["--jsn"], "usage.subcommand", "--jsn is not a flag of it"],
  [["ls", "--jsn"], "usage.flag", 'did you mean "--json"?'],
  [["ls", "x"], "usage.subcommand", 'takes no name; leave out "x"'],
  [["inspect"], "usage.subcommand", "takes one name"],
  [["inspect", "a", "b"], "usage.subcommand", "takes one name"],
  [["inspect", "a", "--json"], "usage.flag", "unknown flag --json"],
  [["rm"], "usage.subcommand", "takes one name or more"],
  [["rm", "--force"], "usage.subcommand", "takes one name or more"],
  [["rm", "a", "--forc"], "usage.flag", 'did you mean "--force"?'],
  [["rm", "a", "--force=yes"], "usage.value", "--force takes no value"],
  [["prune"], "usage.subcommand", "needs --older TIME"],
  [["prune", "--older"], "usage.value", "--older needs a value"],
  [["prune", "--older", "30"], "usage.value", '"30" is not a positive duration; write 12h, 30d'],
  [["prune", "--older", "0d"], "usage.value", "not a positive duration"],
  [["prune", "x", "--older=1d"], "usage.subcommand", "takes no name"],
];
for (const [argv, code, words] of WRONG) {
  Deno.test(`berth image: parseCommand() refuses ${JSON.stringify(argv)}`, () => {
    assertEquals(assertThrows(() => parseImageArgs(argv), BerthError, words).code, code);
  });
}

Deno.test("berth image: parseCommand() takes names and flags in any order, and each name once", () => {
  const args = (...argv: string[]) => {
    const asked = parseImageArgs(argv);
    return "args" in asked && asked.args;
  };
  assertEquals(args("rm", "--force", "a", "b", "a"), { names: ["a", "b"], force: true });
  assertEquals(args("rm", "a", "b"), { names: ["a", "b"], force: false });
  assertEquals(args("inspect", "007"), { name: "007" });
  assertEquals(args("prune", "--older", "30d"), { olderMs: 30 * 86_400_000 });
  assertEquals([args("ls"), args("ls", "--json")], [{ json: false }, { json: true }]);
});

Deno.test("berth image warm: a guest is what a job's would be, and no job is in it", () => {
  const { request, quiet } = parseWarmArgs(
    ["ci", "--memory", "1G", "--cpus", "2", "--accel", "tcg", "--quiet"],
    Infinity,
  );
  assertEquals([request.image, request.memoryBytes, request.cpus, request.accel, request.start, quiet], [
    ...["ci", 2 ** 30, 2, "tcg", "clone", true],
  ]);
  assertEquals(request.volumes.length + request.caches.length + request.artifacts.length, 0);
});

const WRONG_WARM: [string[], ErrorCode][] = [
  [[], "usage.subcommand"],
  [["a", "b"], "usage.subcommand"],
  [["./folder"], "usage.value"],
  [["a", "--memory", "1"], "usage.value"],
  [["a", "--workspace", "."], "usage.flag"],
  [["a", "--start", "cold"], "usage.flag"],
  [["a", "--memory", "3G"], "usage.value"],
];
for (const [argv, code] of WRONG_WARM) {
  Deno.test(`berth image warm ${argv.join(" ")} is refused`, () => {
    assertEquals(assertThrows(() => parseWarmArgs(argv, 2 ** 31), BerthError).code, code);
  });
}
