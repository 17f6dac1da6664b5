/**
 * Help texts, made of the commands. Pure.
 *
 * @module
 */

import { EXIT_STATUSES } from "../../base/exit_status.ts";
import type { AnyCommand, CommandGroup, CommandText } from "./command.ts";
import { type Flag, flagHelp } from "./flag.ts";

/** Columns of `berth --help` before a command's summary. */
const MAIN_COLUMNS = 35;
/** The same in the help of a command that has commands. */
const GROUP_COLUMNS = 41;

/** The flags, as a help text shows them. */
function flagLines(flags: readonly Flag[]): string {
  return flags.filter(({ notYet }) => !notYet).map((flag) => {
    const { name, value } = flag;
    const left = `  --${name}${value ? ` ${value}` : ""}`;
    return left.length > 24 ? `${left}\n${" ".repeat(26)}${flagHelp(flag)}` : left.padEnd(26) + flagHelp(flag);
  }).join("\n");
}

/** `berth --help`. */
export function mainHelp(commands: readonly CommandText[]): string {
  const lines = commands.map((one) => `  ${lineOf([one.name], one).padEnd(MAIN_COLUMNS)} ${one.summary}\n`);
  const statuses = EXIT_STATUSES.map(([status, meaning]) => `  ${status.padEnd(16)}${meaning}\n`);
  return `berth runs each CI job in its own throwaway microVM.

${lines.join("")}  berth --version [--json] | --help   also with --help: every command

Exit status of berth run:
${statuses.join("")}`;
}

/** `berth GROUP --help`. */
export function groupHelp(group: CommandGroup): string {
  const lines = group.commands.map((one) =>
    `  ${lineOf([group.name, one.name], one).padEnd(GROUP_COLUMNS)} ${one.summary}`
  );
  return `${lineOf([group.name], group)}: ${group.summary}.

${lines.join("\n")}
  ${`berth ${group.name} COMMAND --help`.padEnd(GROUP_COLUMNS)} what it takes

${group.more}
`;
}

/** `berth COMMAND --help`. @param path its names. */
export function commandHelp(path: readonly string[], command: AnyCommand): string {
  const parts = [`${lineOf(path, command)}: ${command.summary}`, flagLines(command.flags), command.more];
  return parts.filter((part) => part).join("\n\n") + "\n";
}

function lineOf(path: readonly string[], { usage }: CommandText): string {
  return ["berth", ...path, usage].filter((part) => part).join(" ");
}
