// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../lib/base/errors.ts";
import { renderJson } from "../../../lib/cli/gc/render.ts";
import { parseFound } from "../../../lib/cli/serve/daemon.ts";
import { parseServeArgs } from "../../../lib/cli/serve/serve.ts";
import { parseInstallArgs } from "../../../lib/cli/systemd.ts";

Deno.test("parseServeArgs() sweeps every ten minutes, or as often as it is told", () => {
  assertEquals(parseServeArgs([]), { everyMs: 600_000 });
  assertEquals(parseServeArgs(["--every", "90s"]), { everyMs: 90_000 });
});

Deno.test("parseInstallArgs() puts units where systemd looks, or where it is told", () => {
  assertEquals(parseInstallArgs([]), { folder: "/etc/systemd/system" });
  assertEquals(parseInstallArgs(["--dir=/tmp/units"]), { folder: "/tmp/units" });
});

const WRONG: [parse: (argv: readonly string[]) => unknown, argv: string[], code: ErrorCode][] = [
  [parseServeArgs, ["--every", "0s"], "usage.value"],
  [parseServeArgs, ["--every", "soon"], "usage.value"],
  [parseServeArgs, ["--json"], "usage.flag"],
  [parseServeArgs, ["now"], "usage.subcommand"],
  [parseInstallArgs, ["--dir"], "usage.value"],
  [parseInstallArgs, ["berth.service"], "usage.subcommand"],
];
for (const [parse, argv, code] of WRONG) {
  Deno.test(`${parse.name}() refuses ${JSON.stringify(argv)}`, () => {
    assertEquals(assertThrows(() => parse(argv), BerthError).code, code);
  });
}

Deno.test("parseFound() counts what berth gc --json tells", () => {
  const nothing = { jobs: [], groups: [], files: [], freedBytes: 0, errors: [] };
  const count = (garbage: Parameters<typeof renderJson>[0]) => parseFound(renderJson(garbage));
  assertEquals(count(nothing), { removed: 0, left: 0 });
  // An image is being built: that is no news.
  assertEquals(count({ ...nothing, freedBytes: undefined }), { removed: 0, left: 0 });
  assertEquals(count({ ...nothing, files: ["/a", "/b"], groups: ["/c"], freedBytes: 4096 }), { removed: 4, left: 0 });
  assertEquals(count({ ...nothing, errors: [new Error("x")] }), { removed: 0, left: 1 });
});

for (const text of ["", "null", "{}", "[]", "not json", '{"jobs":[],"groups":[],"files":[],"left":3}']) {
  Deno.test(`parseFound() takes ${JSON.stringify(text)} for no answer`, () => {
    assertEquals(parseFound(text), undefined);
  });
}
