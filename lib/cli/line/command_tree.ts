/**
 * Everything that can stand on a command line, from the commands themselves: what the help, the completions, the man
 * pages and the docs are made of.
 *
 * @module
 */

import { type AnyCommand, type CommandGroup, type CommandText, isGroup, type Program } from "./command.ts";
import type { Flag } from "./flag.ts";

/** A command, or berth itself. */
export interface CommandNode extends CommandText {
  /** Its words, without `berth`. */
  readonly path: readonly string[];
  /** `--help` is among them. */
  readonly flags: readonly Flag[];
  readonly commands: readonly CommandNode[];
  /** Words that may stand behind it; absent: those in its usage. */
  readonly operands?: readonly string[];
}

const HELP: Flag = { name: "help", help: "what it takes" };

/** berth itself, with all commands below; loads all of them. */
export async function loadTree(commands: Program["commands"]): Promise<CommandNode> {
  const loaded = await Promise.all(Object.values(commands).map((load) => load()));
  return {
    name: "berth",
    path: [],
    usage: "COMMAND",
    summary: "each CI job in its own throwaway microVM, each microVM in its own cgroup",
    flags: [{ name: "help", help: "the commands" }, {
      name: "version",
      help: "the version of berth; with --json also the runtime that it was compiled with, and its digest",
    }],
    commands: await Promise.all(loaded.map((command) => nodeOf([], command, commands))),
  };
}

/** A node and all those below it. */
export function allNodes(node: CommandNode): CommandNode[] {
  return [node, ...node.commands.flatMap(allNodes)];
}

async function nodeOf(
  parents: readonly string[],
  command: AnyCommand | CommandGroup,
  commands: Program["commands"],
): Promise<CommandNode> {
  const { name, usage, summary, more } = command;
  const node = { name, path: [...parents, name], usage, summary, more };
  if (isGroup(command)) {
    const below = await Promise.all(command.commands.map((one) => nodeOf(node.path, one, commands)));
    return { ...node, flags: [HELP], commands: below };
  }
  const flags = [...command.flags.filter(({ notYet }) => !notYet), HELP];
  return { ...node, flags, commands: [], operands: await command.operands?.({ commands }) };
}
