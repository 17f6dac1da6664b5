/**
 * What the commands of a command are made of (`berth image ls` and the like), and what they share. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import type { Window } from "../../host/windows.ts";
import type { Console } from "../terminal/console.ts";
import type { Flag } from "./flags.ts";

/** What a command has to do with, in the host process. */
export interface SubcommandContext {
  readonly words: Console;
  /** The state folder, as the user named it. */
  readonly stateDir: string;
}

/** A command: its line in the help, how it is read, and how it is done in the host process. */
export interface Subcommand<Args> {
  readonly name: string;
  /** What stands behind the name, as in `NAME [flags]`. */
  readonly usage: string;
  /** One line. */
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** What its help says below the flags. */
  readonly more?: string;
  /** What it needs to see of the host, beside the state folder. */
  readonly windows: readonly Window[] | ((args: Args, isRoot: boolean) => readonly Window[]);
  /** Needs no windows: the front process does it itself. */
  readonly inFront?: boolean;
  /** @throws {BerthError} `usage.*`. Pure. */
  parse(argv: readonly string[]): Args;
  /** Does it. Its code is loaded only then. */
  act(args: Args, context: SubcommandContext): Promise<void>;
  /** Whether the user wants no words on the way. */
  isQuiet?(args: Args): boolean;
}

/** A command that has commands. */
export interface CommandGroup {
  readonly name: string;
  /** A few words. */
  readonly summary: string;
  /** What its help says below its commands. */
  readonly more: string;
  /** In the order of the help. */
  // deno-lint-ignore no-explicit-any -- each has arguments of its own, which go from its parse to its act only
  readonly commands: readonly Subcommand<any>[];
}

/**
 * Tells names and flags apart, in any order, for commands whose flags have no values. After `--` everything is a name.
 */
export function splitNames(argv: readonly string[]): { flags: string[]; names: string[] } {
  const end = argv.includes("--") ? argv.indexOf("--") : argv.length;
  const own = argv.slice(0, end);
  return {
    flags: own.filter((word) => word.startsWith("-")),
    names: [...own.filter((word) => !word.startsWith("-")), ...argv.slice(end + 1)],
  };
}

/** @throws {BerthError} `usage.subcommand` when there is something where nothing should be. */
export function expectNone(words: readonly string[], command: string): void {
  if (words.length === 0) return;
  throw new BerthError("usage.subcommand", `${command} takes no name; leave out ${JSON.stringify(words.join(" "))}`);
}
