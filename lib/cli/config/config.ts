/**
 * `berth config`: what is configured on this host.
 *
 * @module
 */

import { CONFIG_SHOW_FLAGS } from "../line/subcommand_flags.ts";
import { parseFlags } from "../line/parse.ts";
import { CONFIG_FILE, SETTINGS } from "./settings.ts";
import { type CommandGroup, expectNone, splitNames, type Subcommand } from "../line/subcommand.ts";
import { formatTable } from "../terminal/table.ts";

const SHOW: Subcommand<{ readonly json: boolean }> = {
  name: "show",
  usage: "[--json]",
  summary: "every value that counts without flags, and where it is from",
  flags: CONFIG_SHOW_FLAGS,
  more:
    `In JSON each key has a "value" and where it is "from": "default", "${CONFIG_FILE}", or the name of a variable. A
value that nothing fixes is null, and has a "note".`,
  windows: [],
  inFront: true,
  parse: (argv) => {
    const { flags, names } = splitNames(argv);
    const parsed = parseFlags(flags, CONFIG_SHOW_FLAGS);
    expectNone(names, "berth config show");
    return { json: parsed.has("json") };
  },
  act: async ({ json }, { stateDir }) => (await import("./show.ts")).showConfiguration(json, stateDir),
};

/** The commands, in the order of the help. */
export const CONFIG: CommandGroup = {
  name: "config",
  summary: "what is configured on this host",
  more: `${CONFIG_FILE} is a JSON object with any of these keys. A variable of the environment
counts more, and a flag counts most. What counts more leaves out what contradicts it.

${formatTable([["KEY", "VARIABLE", "VALUE"], ...SETTINGS.map(lineOf)]).map((line) => `  ${line}`).join("\n")}

A value is what the flag takes; one that is a number may be a JSON number. ioMax may be a list, in its variable with
spaces between. memoryHigh needs memory beside it. cgroupParent takes self or a path.`,
  commands: [SHOW],
};

function lineOf({ key, variable, flag }: (typeof SETTINGS)[number]): string[] {
  const value = flag ? `${flag.value}, as --${flag.name} of berth run` : "DIR, an absolute path";
  return [key, variable, value];
}
