/**
 * Command lines as berth reads them.
 *
 * @module
 */

import { COMMANDS } from "../../../lib/cli/commands.ts";
import type { AnyCommand, CommandGroup } from "../../../lib/cli/line/command.ts";
import { type CommandNode, loadTree } from "../../../lib/cli/line/command_tree.ts";
import { findCommand } from "../../../lib/cli/line/find.ts";

/** berth itself, with all commands below. */
export const TREE: CommandNode = await loadTree(COMMANDS);

/** The command that the words behind a command's name call, and what it is given; or the help that they ask for. */
export function parseCommand(
  command: AnyCommand | CommandGroup,
  words: readonly string[],
  // deno-lint-ignore no-explicit-any -- each command has arguments of its own
): { readonly command: AnyCommand; readonly args: any } | { readonly help: string } {
  const found = findCommand(command, words);
  return "help" in found ? found : { command: found.command, args: found.command.parse(found.words) };
}

/** The help of a command. @param words its names, as in `image ls`. */
export async function helpOf(...words: string[]): Promise<string> {
  const found = findCommand(await COMMANDS[words[0] as keyof typeof COMMANDS](), [...words.slice(1), "--help"]);
  if ("help" in found) return found.help;
  throw new Error(`${words.join(" ")} has no help`);
}
