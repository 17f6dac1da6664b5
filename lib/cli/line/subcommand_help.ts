/**
 * The help texts of commands that have commands. Pure.
 *
 * @module
 */

import { flagLines } from "./help.ts";
import type { CommandGroup, Subcommand } from "./subcommand.ts";

type Described = Pick<Subcommand<unknown>, "name" | "usage" | "summary" | "flags" | "more">;

/** `berth GROUP --help`. */
export function groupHelp(group: CommandGroup): string {
  const lines = group.commands.map((command) => `  ${lineOf(group, command).padEnd(41)} ${command.summary}`);
  return `berth ${group.name} COMMAND: ${group.summary}.

${lines.join("\n")}
  ${`berth ${group.name} COMMAND --help`.padEnd(41)} what it takes

${group.more}
`;
}

/** `berth GROUP COMMAND --help`. */
export function commandHelp(group: CommandGroup, command: Described): string {
  const parts = [`${lineOf(group, command)}: ${command.summary}`, flagLines(command.flags), command.more];
  return parts.filter((part) => part).join("\n\n") + "\n";
}

function lineOf(group: CommandGroup, { name, usage }: Described): string {
  return `berth ${group.name} ${name}${usage ? ` ${usage}` : ""}`;
}
