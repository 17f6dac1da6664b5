/**
 * Which command a command line calls, or whose help it asks for. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { didYouMean } from "../../base/nearest.ts";
import { type AnyCommand, type CommandGroup, isGroup, type NamedCommand, takesJob } from "./command.ts";
import { commandHelp, groupHelp } from "./help.ts";

/** A command and the words behind its name, or a help text. */
export type Found = NamedCommand & { readonly words: readonly string[] } | { readonly help: string };

/** @param words those behind the name. @throws {BerthError} `usage.subcommand`. */
export function findCommand(command: AnyCommand | CommandGroup, words: readonly string[]): Found {
  if (isGroup(command)) return findInGroup(command, words);
  return foundIn([command.name], command, words);
}

function findInGroup(group: CommandGroup, [name, ...rest]: readonly string[]): Found {
  if (name === undefined || name === "--help" || name === "help") return { help: groupHelp(group) };
  const command = group.commands.find((one) => one.name === name);
  if (command) return foundIn([group.name, name], command, rest);
  const near = didYouMean(name, group.commands.map((one) => one.name));
  const what = name.startsWith("-") ? `${name} is not a flag of it` : `"${name}" is not a command of it`;
  throw new BerthError("usage.subcommand", `berth ${group.name}: ${what}${near}`);
}

function foundIn(path: readonly string[], command: AnyCommand, words: readonly string[]): Found {
  return asksForHelp(words, takesJob(command)) ? { help: commandHelp(path, command) } : { path, command, words };
}

/** Whatever else is wrong with the words. A `--help` behind the flags of `berth run` may be the job's own. */
function asksForHelp(words: readonly string[], isJobs: boolean): boolean {
  if (isJobs) return words[0] === "--help";
  const end = words.indexOf("--");
  return words.slice(0, end < 0 ? words.length : end).includes("--help");
}
