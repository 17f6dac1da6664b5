/**
 * What each command of `berth image` is made of, and what they share. Pure.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import type { Window } from "../host/windows.ts";
import type { Console } from "./console.ts";
import type { Flag } from "./flags.ts";

/** What a command has to do with, in the host process. */
export interface ImageContext {
  readonly words: Console;
  /** The state folder, as the user named it. */
  readonly stateDir: string;
}

/** A command: its line in the help, how it is read, and how it is done in the host process. */
export interface ImageCommand<Args> {
  readonly name: string;
  /** What stands behind the name, as in `NAME [flags]`. */
  readonly usage: string;
  /** One line. */
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** What its help says below the flags. */
  readonly more?: string;
  /** What it needs to see of the host, beside the state folder. */
  readonly windows: readonly Window[];
  /** @throws {BerthError} `usage.*`. Pure. */
  parse(argv: readonly string[]): Args;
  /** Does it. Its code is loaded only then. */
  act(args: Args, context: ImageContext): Promise<void>;
  /** Whether the user wants no words on the way. */
  isQuiet?(args: Args): boolean;
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

/** @throws {BerthError} `usage.image` when there is something where nothing should be. */
export function expectNone(words: readonly string[], command: string): void {
  if (words.length === 0) return;
  throw new BerthError("usage.image", `${command} takes no name; leave out ${JSON.stringify(words.join(" "))}`);
}
