/**
 * Everything that can stand on a command line, from the tables that the parser and the help use: what the completions
 * and the man page are made of. Pure.
 *
 * @module
 */

import { CACHE } from "../cache.ts";
import { type CommandName, COMMANDS, type CommandText } from "./commands.ts";
import { CONFIG } from "../config/config.ts";
import { DOCTOR_FLAGS } from "../doctor/flags.ts";
import { type Flag, GC_FLAGS, RUN_FLAGS, SERVE_FLAGS, SETUP_FLAGS, UPDATE_FLAGS } from "./flags.ts";
import { IMAGE } from "../image/image.ts";
import type { CommandGroup } from "./subcommand.ts";
import { SYSTEMD } from "../systemd.ts";

/** A command, or berth itself. */
export interface CommandNode {
  /** Its words, without `berth`. */
  readonly path: readonly string[];
  readonly usage: string;
  readonly summary: string;
  readonly more?: string;
  /** `--help` is among them. */
  readonly flags: readonly Flag[];
  readonly commands: readonly CommandNode[];
}

/** What stands behind each command: a command that is not here does not compile. */
const PARTS: Readonly<Record<CommandName, readonly Flag[] | CommandGroup>> = {
  run: RUN_FLAGS,
  update: UPDATE_FLAGS,
  image: IMAGE,
  cache: CACHE,
  gc: GC_FLAGS,
  setup: SETUP_FLAGS,
  doctor: DOCTOR_FLAGS,
  serve: SERVE_FLAGS,
  systemd: SYSTEMD,
  config: CONFIG,
  completions: [],
};

const HELP: Flag = { name: "help", help: "what it takes" };

/** berth itself, with all commands below. */
export function commandTree(): CommandNode {
  return {
    path: [],
    usage: "COMMAND",
    summary: "each CI job in its own throwaway microVM, each microVM in its own cgroup",
    flags: [{ name: "help", help: "the commands" }, {
      name: "version",
      help: "the version of berth; with --json also the runtime that it was compiled with, and its digest",
    }],
    commands: Object.entries<CommandText>(COMMANDS).map(([name, text]) =>
      nodeOf(name, text, PARTS[name as CommandName])
    ),
  };
}

/** A node and all those below it. */
export function allNodes(node: CommandNode): CommandNode[] {
  return [node, ...node.commands.flatMap(allNodes)];
}

function nodeOf(
  name: string,
  { usage, summary, more }: CommandText,
  part: readonly Flag[] | CommandGroup,
): CommandNode {
  const node = { path: [name], usage, summary, more };
  if (!("commands" in part)) return { ...node, flags: withHelp(part), commands: [] };
  const commands = part.commands.map((command) => ({
    ...{ path: [name, command.name], usage: command.usage, summary: command.summary, more: command.more },
    ...{ flags: withHelp(command.flags), commands: [] },
  }));
  return { ...node, more: part.more, flags: [HELP], commands };
}

function withHelp(flags: readonly Flag[]): readonly Flag[] {
  return [...flags.filter(({ notYet }) => !notYet), HELP];
}
