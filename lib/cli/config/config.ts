/**
 * `berth config`: what is configured on this host.
 *
 * @module
 */

import type { Command, CommandGroup } from "../line/command.ts";
import type { Flag } from "../line/flag.ts";
import { expectNone, parseNamed } from "../line/names.ts";
import { formatTable } from "../terminal/table.ts";
import { CONFIG_FILE, SETTINGS } from "./settings.ts";

const SHOW_FLAGS: readonly Flag[] = [
  { name: "json", help: "as JSON: for each key its value and where it is from" },
];

const SHOW: Command<{ readonly json: boolean }> = {
  name: "show",
  usage: "[--json]",
  summary: "every value that counts without flags, and where it is from",
  flags: SHOW_FLAGS,
  more:
    `In JSON each key has a "value" and where it is "from": "default", "${CONFIG_FILE}", or the name of a variable. A
value that nothing fixes is null, and has a "note".`,
  where: "front",
  parse: (argv) => {
    const flags = parseNamed(argv, SHOW_FLAGS);
    expectNone(flags.rest, "berth config show");
    return { json: flags.has("json") };
  },
  act: async ({ json }, _words, { surroundings }) =>
    (await import("./show.ts")).showConfiguration(json, surroundings.stateDir),
};

/** The commands, in the order of the help. */
export const CONFIG: CommandGroup = {
  name: "config",
  usage: "COMMAND",
  summary: "what is configured on this host, and where",
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
