/**
 * Help texts, made of the tables of commands and flags. Pure.
 *
 * @module
 */

import { type CommandName, COMMANDS, type CommandText, EXIT_STATUSES } from "./commands.ts";
import { type Flag, GC_FLAGS, RUN_FLAGS, SERVE_FLAGS, UPDATE_FLAGS } from "./flags.ts";

/** Commands of the design that are still to come. */
export const COMMANDS_NOT_YET = ["submit", "ps", "logs", "wait", "kill"];

/** The flags, as a help text shows them. */
export function flagLines(flags: readonly Flag[]): string {
  return flags.filter(({ notYet }) => !notYet).map(({ name, value, help }) => {
    const left = `  --${name}${value ? ` ${value}` : ""}`;
    return left.length > 24 ? `${left}\n${" ".repeat(26)}${help}` : left.padEnd(26) + help;
  }).join("\n");
}

/** `berth --help`. */
export function mainHelp(): string {
  const commands = Object.entries<CommandText>(COMMANDS).map(([name, { usage, summary }]) =>
    `  ${`berth ${name} ${usage}`.padEnd(35)} ${summary}\n`
  );
  const statuses = EXIT_STATUSES.map(([status, meaning]) => `  ${status.padEnd(16)}${meaning}\n`);
  return `berth runs each CI job in its own throwaway microVM.

${
    commands.join("")
  }  berth help [COMMAND|TOPIC]          every command; a command's flags; what there is to know of a topic
  berth --version [--json] | --help   also with --help: every command

Exit status of berth run:
${statuses.join("")}`;
}

/** `berth run --help`. */
export function runHelp(): string {
  return helpOf("run", RUN_FLAGS);
}

/** `berth update --help`. */
export function updateHelp(): string {
  return helpOf("update", UPDATE_FLAGS);
}

/** `berth gc --help`. */
export function gcHelp(): string {
  return helpOf("gc", GC_FLAGS);
}

/** `berth serve --help`. */
export function serveHelp(): string {
  return helpOf("serve", SERVE_FLAGS);
}

/** `berth completions --help`. */
export function completionsHelp(): string {
  return helpOf("completions", []);
}

/** The help of a command with these flags. */
export function helpOf(name: CommandName, flags: readonly Flag[]): string {
  const { usage, more }: CommandText = COMMANDS[name];
  return [`berth ${name} ${usage}`, flagLines(flags), more].filter((part) => part).join("\n\n") + "\n";
}
