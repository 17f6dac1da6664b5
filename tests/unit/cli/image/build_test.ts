// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../../lib/base/errors.ts";
import { parseBuildArgs } from "../../../../lib/cli/image/build.ts";

const NONE = { kernel: undefined, minFreeBytes: undefined };

Deno.test("parseBuildArgs() takes the name before the flags or after them", () => {
  const wanted = {
    request: { name: "ci", debian: { suite: "bookworm", packages: ["make", "g++"] }, ...NONE },
    kernelWindows: [],
    quiet: true,
  };
  const flags = ["--debian", "bookworm", "--packages=make,g++", "--quiet"];
  assertEquals(parseBuildArgs(["ci", ...flags]), wanted);
  assertEquals(parseBuildArgs([...flags, "ci"]), wanted);
});

Deno.test("parseBuildArgs() builds without a root file system where no suite is named", () => {
  assertEquals(parseBuildArgs(["small"]), {
    request: { name: "small", debian: undefined, ...NONE },
    kernelWindows: [],
    quiet: false,
  });
});

Deno.test("parseBuildArgs() overlooks empty names in a list of packages", () => {
  const { request } = parseBuildArgs(["x", "--debian=trixie", "--packages=,make,,gcc,"]);
  assertEquals(request.debian?.packages, ["make", "gcc"]);
});

Deno.test("parseBuildArgs() keeps a name that looks like a number", () => {
  assertEquals(parseBuildArgs(["--quiet", "007"]).request.name, "007");
});

const WRONG: [string[], ErrorCode, string][] = [
  [[], "usage.subcommand", "takes one name"],
  [["--quiet"], "usage.subcommand", "takes one name"],
  [["a", "b"], "usage.subcommand", "takes one name"],
  [["a", "--quiet", "b"], "usage.subcommand", "takes one name"],
  [["a", "--packages=make"], "usage.flag", "--packages needs --debian"],
  [["a", "--debain=bookworm"], "usage.flag", 'did you mean "--debian"?'],
  [["a", "--debian=book worm"], "usage.value", '"book worm" is not a name'],
  [["a", "--debian=-o"], "usage.value", '"-o" is not a name'],
  [["a", "--debian=x\n"], "usage.value", "is not a name"],
  [["a", "--debian=s", "--packages=make,-o"], "usage.value", '"-o" is not a name'],
  [["a", "--debian=s", "--packages=a b"], "usage.value", '"a b" is not a name'],
  [["a", "--debian=../s"], "usage.value", '"../s" is not a name'],
];
for (const [argv, code, words] of WRONG) {
  Deno.test(`parseBuildArgs() refuses ${JSON.stringify(argv)}`, () => {
    assertEquals(assertThrows(() => parseBuildArgs(argv), BerthError, words).code, code);
  });
}
