// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { BUILD_FLAGS, buildHelp, type Flag, mainHelp, RUN_FLAGS, runHelp } from "../../../lib/cli/flags.ts";
import { parseFlags } from "../../../lib/cli/parse.ts";

/** The flags of the design's command line: the contract. `+` takes a value, `*` repeats. */
const DESIGN = [
  ...["image+", "memory+", "cpus+", "swap+", "pids+", "cpu-quota+", "cpu-weight+", "io-weight+", "cpuset+"],
  ...["timeout+", "boot-timeout+", "env+*", "workdir+", "user+", "workspace+", "artifact+*", "stdin", "tenant+"],
  ...["name+", "accel+", "limits+", "jail+", "report+", "quiet"],
];

function describe({ name, value, repeats }: Flag): string {
  return name + (value ? "+" : "") + (repeats ? "*" : "");
}

Deno.test("RUN_FLAGS holds every flag of the design, in its form, and no other", () => {
  assertEquals(RUN_FLAGS.map(describe).toSorted(), DESIGN.toSorted());
});

for (const [name, flags] of [["RUN_FLAGS", RUN_FLAGS], ["BUILD_FLAGS", BUILD_FLAGS]] as const) {
  Deno.test(`${name} names nothing twice, and explains everything`, () => {
    assertEquals(new Set(flags.map(({ name }) => name)).size, flags.length);
    for (const { name, help } of flags) assert(help.length > 5, name);
  });
}

Deno.test("runHelp() shows each flag with its value, and those to come apart", () => {
  const [now, later] = runHelp().split("Not yet: ");
  for (const { name, value, notYet } of RUN_FLAGS) {
    if (notYet) assertStringIncludes(` ${later.trim()} `, ` --${name} `);
    else assertStringIncludes(now, `  --${name}${value ? ` ${value}` : ""}`);
  }
});

Deno.test("every flag that runHelp() promises for later is refused as such now", () => {
  for (const { name } of RUN_FLAGS.filter(({ notYet }) => notYet)) {
    const error = assertThrows(() => parseFlags([`--${name}`, "1", "x"], RUN_FLAGS), BerthError, `--${name}`);
    assertEquals(error.code, "usage.not-yet");
  }
});

Deno.test("help texts keep to a terminal of 120 columns and end with one newline", () => {
  for (const text of [mainHelp(), runHelp(), buildHelp()]) {
    assertEquals(text.endsWith("\n") && !text.endsWith("\n\n"), true);
    for (const line of text.split("\n")) assert(line.length <= 120, line);
  }
});
