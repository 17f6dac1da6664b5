// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../lib/base/errors.ts";
import { parseImageArgs } from "../../../lib/cli/image.ts";

Deno.test("parseImageArgs() reads ls", () => assertEquals(parseImageArgs(["ls"]), { kind: "ls" }));

Deno.test("parseImageArgs() takes the name before the flags or after them", () => {
  const wanted = {
    kind: "build",
    request: { name: "ci", debian: { suite: "bookworm", packages: ["make", "g++"] } },
    quiet: true,
  } as const;
  const flags = ["--debian", "bookworm", "--packages=make,g++", "--quiet"];
  assertEquals(parseImageArgs(["build", "ci", ...flags]), wanted);
  assertEquals(parseImageArgs(["build", ...flags, "ci"]), wanted);
});

Deno.test("parseImageArgs() builds without a root file system where no suite is named", () => {
  const request = { name: "small", debian: undefined };
  assertEquals(parseImageArgs(["build", "small"]), { kind: "build", request, quiet: false });
});

Deno.test("parseImageArgs() overlooks empty names in a list of packages", () => {
  const command = parseImageArgs(["build", "x", "--debian=trixie", "--packages=,make,,gcc,"]);
  assertEquals(command.kind === "build" && command.request.debian?.packages, ["make", "gcc"]);
});

Deno.test("parseImageArgs() keeps a name that looks like a number", () => {
  const command = parseImageArgs(["build", "--quiet", "007"]);
  assertEquals(command.kind === "build" && command.request.name, "007");
});

const WRONG: [string[], ErrorCode, string][] = [
  [[], "usage.command", "is not a command"],
  [["buil", "x"], "usage.command", 'did you mean "build"?'],
  [["ls", "x"], "usage.command", '"ls x" is not a command'],
  [["inspect", "x"], "usage.not-yet", "berth image inspect"],
  [["rm", "x"], "usage.not-yet", "berth image rm"],
  [["build"], "usage.command", "takes one name"],
  [["build", "--quiet"], "usage.command", "takes one name"],
  [["build", "a", "b"], "usage.command", "takes one name"],
  [["build", "a", "--quiet", "b"], "usage.command", "takes one name"],
  [["build", "a", "--packages=make"], "usage.flag", "--packages needs --debian"],
  [["build", "a", "--debain=bookworm"], "usage.flag", 'did you mean "--debian"?'],
  [["build", "a", "--debian=book worm"], "usage.value", '"book worm" is not a name'],
  [["build", "a", "--debian=-o"], "usage.value", '"-o" is not a name'],
  [["build", "a", "--debian=x\n"], "usage.value", "is not a name"],
  [["build", "a", "--debian=s", "--packages=make,-o"], "usage.value", '"-o" is not a name'],
  [["build", "a", "--debian=s", "--packages=a b"], "usage.value", '"a b" is not a name'],
  [["build", "a", "--debian=../s"], "usage.value", '"../s" is not a name'],
];
for (const [argv, code, words] of WRONG) {
  Deno.test(`parseImageArgs() refuses ${JSON.stringify(argv)}`, () => {
    assertEquals(assertThrows(() => parseImageArgs(argv), BerthError, words).code, code);
  });
}
