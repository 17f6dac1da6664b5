// @ts-types="../../../support/assert.d.ts"
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Flag, GROUP_FLAGS, RUN_FLAGS, UPDATE_FLAGS } from "../../../../lib/cli/line/flags.ts";
import { mainHelp, runHelp, updateHelp } from "../../../../lib/cli/line/help.ts";
import { IMAGE } from "../../../../lib/cli/image/image.ts";
import { BUILD_FLAGS, CACHE_RM_FLAGS, IMPORT_FLAGS } from "../../../../lib/cli/line/subcommand_flags.ts";
import { parseSubcommand } from "../../../../lib/cli/subcommands.ts";

/** The flags of the design's command line: the contract. `+` takes a value, `*` repeats. */
const LIMITS = ["pids+", "memory-high+", "swap+", "cpu-quota+", "cpu-weight+", "io-weight+", "io-max+*", "cpuset+"];
const GROUP = [...LIMITS, "cpuset-mems+", "device+*"];
const TENANT = ["tenant+", "tenant-memory+", "tenant-swap+", "tenant-pids+", "tenant-cpu-quota+"];
const DESIGN = [
  ...[
    "image+",
    "memory+",
    "cpus+",
    "timeout+",
    "boot-timeout+",
    "drain+",
    "drain-timeout+",
    "cancel-timeout+",
    "env+*",
    "env-file+*",
    "workdir+",
    "user+",
    "workspace+",
  ],
  ...["artifact+*", "stdin", "name+", "accel+", "limits+", "jail+", "uid-range+", "report+", "quiet"],
  ...["artifact-on+", "scratch+", "volume+*", "cache+*", "disk+", "min-free+", "log-limit+"],
  ...[...GROUP, ...TENANT, "cgroup-parent+", "cgroup-driver+", "supervisor-memory+"],
];

function describe({ name, value, repeats }: Flag): string {
  return name + (value ? "+" : "") + (repeats ? "*" : "");
}

Deno.test("RUN_FLAGS holds every flag of the design, in its form, and no other", () => {
  assertEquals(RUN_FLAGS.map(describe).toSorted(), DESIGN.toSorted());
});

Deno.test("UPDATE_FLAGS holds what can be changed while a job runs, and no other", () => {
  assertEquals(UPDATE_FLAGS.map(describe).toSorted(), [...GROUP, "memory+", "device-rm+*", "quiet"].toSorted());
});

Deno.test("GROUP_FLAGS are the flags of berth run that have no sense without a group", () => {
  const wanted = [...GROUP, ...TENANT, "cgroup-parent+", "cgroup-driver+", "supervisor-memory+"];
  assertEquals(GROUP_FLAGS.map(describe).toSorted(), wanted.toSorted());
});

const TABLES = [["RUN_FLAGS", RUN_FLAGS], ["UPDATE_FLAGS", UPDATE_FLAGS], ["BUILD_FLAGS", BUILD_FLAGS], [
  "IMPORT_FLAGS",
  IMPORT_FLAGS,
], ["CACHE_RM_FLAGS", CACHE_RM_FLAGS]] as const;
for (const [name, flags] of TABLES) {
  Deno.test(`${name} names nothing twice, and explains everything`, () => {
    assertEquals(new Set(flags.map(({ name }) => name)).size, flags.length);
    for (const { name, help } of flags) assert(help.length > 5, name);
  });
}

const HELP = [["runHelp", runHelp(), RUN_FLAGS], ["updateHelp", updateHelp(), UPDATE_FLAGS]] as const;
for (const [what, text, flags] of HELP) {
  Deno.test(`${what}() shows each flag with its value, and what it does`, () => {
    for (const { name, value, help } of flags) {
      assertStringIncludes(text, `\n  --${name}${value ? ` ${value}` : ""}`);
      assertStringIncludes(text, help);
    }
  });
}

const IMAGE_HELP = [[], ["ls"], ["build"], ["inspect"], ["rm"], ["prune"]].map((words) => {
  const asked = parseSubcommand(IMAGE, [...words, "--help"]);
  return "help" in asked ? asked.help : "";
});

Deno.test("help texts keep to a terminal of 120 columns and end with one newline", () => {
  for (const text of [mainHelp(), runHelp(), updateHelp(), ...IMAGE_HELP]) {
    assertEquals(text.endsWith("\n") && !text.endsWith("\n\n"), true);
    for (const line of text.split("\n")) assert(line.length <= 120, line);
  }
});
