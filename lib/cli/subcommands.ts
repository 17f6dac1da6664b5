/**
 * A command that has commands of its own, as `berth image` has: which of them it is. The front process reads the command
 * line and starts the host process, which reads it again and does it.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { didYouMean } from "../base/nearest.ts";
import { runFront } from "../host/front.ts";
import { hasWindows, STATE, type Window } from "../host/windows.ts";
import { readCall } from "./config/configured.ts";
import { Console } from "./terminal/console.ts";
import type { CommandGroup, Subcommand } from "./line/subcommand.ts";
import { commandHelp, groupHelp } from "./line/subcommand_help.ts";

const STATUS_FAILED = 125;

/** Runs the command and returns the exit status. */
export async function runSubcommand(group: CommandGroup, argv: readonly string[], mainModule: string): Promise<number> {
  const asked = parseSubcommand(group, argv);
  if ("help" in asked) {
    console.log(asked.help.trimEnd());
    return 0;
  }
  const { command } = asked;
  const called = { ...command, name: `${group.name} ${command.name}`, namesFirst: true };
  const { argv: own, surroundings } = await readCall(argv.slice(1), called, mainModule);
  const args = command.parse(own);
  const windows: readonly Window[] = typeof command.windows === "function"
    ? command.windows(args, surroundings.isRoot)
    : command.windows;
  if (!hasWindows() && !command.inFront) {
    const line = [group.name, command.name, ...own];
    return await runFront({ ...surroundings, args: line, env: surroundings.hostEnv, windows });
  }
  // Messages name what the user named.
  const paths = windows.map(({ target, source }) => [target, source] as const);
  await using words = new Console(command.isQuiet?.(args) ?? false, [...paths, [STATE, surroundings.stateDir]]);
  try {
    await command.act(args, { words, stateDir: surroundings.stateDir });
    return 0;
  } catch (error) {
    words.error(error);
    return STATUS_FAILED;
  }
}

/** A command and what it is given, or a help text. @throws {BerthError} `usage.*`. Pure. */
export function parseSubcommand(
  group: CommandGroup,
  [name, ...rest]: readonly string[],
  // deno-lint-ignore no-explicit-any -- each has arguments of its own, which go from its parse to its act only
): { readonly command: Subcommand<any>; readonly args: any } | { readonly help: string } {
  if (name === undefined || name === "--help" || name === "help") return { help: groupHelp(group) };
  const command = group.commands.find((one) => one.name === name);
  if (!command) {
    const near = didYouMean(name, group.commands.map((one) => one.name));
    const what = name.startsWith("-") ? `${name} is not a flag of it` : `"${name}" is not a command of it`;
    throw new BerthError("usage.subcommand", `berth ${group.name}: ${what}${near}`);
  }
  const own = rest.slice(0, rest.includes("--") ? rest.indexOf("--") : rest.length);
  return own.includes("--help") ? { help: commandHelp(group, command) } : { command, args: command.parse(rest) };
}
