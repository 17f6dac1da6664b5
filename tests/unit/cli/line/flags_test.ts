// @ts-types="../../../support/assert.d.ts"
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Flag, flagHelp } from "../../../../lib/cli/line/flag.ts";
import { SETTINGS } from "../../../../lib/cli/config/settings.ts";
import { planShown } from "../../../../lib/cli/config/show.ts";
import { RUN_FLAGS } from "../../../../lib/cli/line/run_flags.ts";
import { UPDATE_FLAGS } from "../../../../lib/cli/update/args.ts";
import { mainHelp } from "../../../../lib/cli/line/help.ts";
import { allNodes } from "../../../../lib/cli/line/command_tree.ts";
import { helpOf, TREE } from "../../../support/command_line/commands.ts";

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
  ...[
    "artifact+*",
    "stdin",
    "name+",
    "accel+",
    "start+",
    "limits+",
    "jail+",
    "uid-range+",
    "report+",
    "quiet",
    "request+",
  ],
  ...["events+", "dry-run"],
  ...["artifact-on+", "scratch+", "volume+*", "cache+*", "disk+", "min-free+", "log-limit+"],
  ...[...GROUP, ...TENANT, "cgroup-parent+", "cgroup-driver+", "supervisor-memory+"],
];

function describe({ name, value, repeats }: Flag): string {
  return name + (value ? "+" : "") + (repeats ? "*" : "");
}

Deno.test("RUN_FLAGS holds every flag of the design, in its form, and no other", () => {
  assertEquals(RUN_FLAGS.map(describe).toSorted(), DESIGN.toSorted());
});

Deno.test("flagHelp() tells a default's value, what it means, or both", () => {
  assertEquals(flagHelp({ help: "how long" }), "how long");
  assertEquals(flagHelp({ help: "how long", default: { value: "10s" } }), "how long (default 10s)");
  assertEquals(flagHelp({ help: "how long", default: { means: "for ever" } }), "how long (default: for ever)");
  assertEquals(flagHelp({ help: "how", default: { value: "auto", means: "well" } }), "how (default auto: well)");
});

Deno.test("the flags' defaults are those that are applied", () => {
  const shown = planShown([], "/state").filter(({ key, value }) => value !== null && key !== "state");
  const said = shown.map(({ key }) => {
    const { flag } = SETTINGS.find((setting) => setting.key === key)!;
    return [key, RUN_FLAGS.find(({ name }) => name === flag?.name)?.default?.value?.replaceAll('"', "")];
  });
  assertEquals(said.length > 8, true);
  assertEquals<unknown>(said, shown.map(({ key, value }) => [key, value]));
});

Deno.test("UPDATE_FLAGS holds what can be changed while a job runs, and no other", () => {
  assertEquals(UPDATE_FLAGS.map(describe).toSorted(), [...GROUP, "memory+", "device-rm+*", "quiet"].toSorted());
});

const NODES = allNodes(TREE).filter(({ path }) => path.length);

for (const { path, flags, commands } of NODES) {
  const name = `berth ${path.join(" ")}`;

  Deno.test(`${name} names no flag twice, and explains everything`, () => {
    assertEquals(new Set(flags.map(({ name }) => name)).size, flags.length);
    for (const { name, help } of flags) assert(help.length > 5, name);
  });

  Deno.test(`${name} writes every default from where it is applied, and none into a help text`, () => {
    for (const { name, help } of flags) assert(!/\bdefault\b/.test(help), name);
  });

  Deno.test(`${name} --help shows each flag with its value, and what it does`, async () => {
    const text = await helpOf(...path);
    for (const flag of flags) {
      const { name, value } = flag;
      if (name === "help") continue;
      assertStringIncludes(text, `\n  --${name}${value ? ` ${value}` : ""}`);
      assertStringIncludes(text, flagHelp(flag));
    }
    for (const one of commands) assertStringIncludes(text, `\n  ${name} ${one.name} `);
  });
}

Deno.test("help texts keep to a terminal of 120 columns and end with one newline", async () => {
  for (const text of [mainHelp(TREE.commands), ...await Promise.all(NODES.map(({ path }) => helpOf(...path)))]) {
    assertEquals(text.endsWith("\n") && !text.endsWith("\n\n"), true);
    for (const line of text.split("\n")) assert(line.length <= 120, line);
  }
});
