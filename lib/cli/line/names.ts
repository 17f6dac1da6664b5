/**
 * Names and flags of a command line, which may stand in any order. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import type { Flag } from "./flag.ts";
import { type ParsedFlags, parseFlags } from "./parse.ts";

/**
 * Reads a command line whose flags and names may stand in any order. After `--` everything is a name.
 *
 * @returns the names in `rest`.
 * @throws {BerthError} `usage.flag`, `usage.value`, `usage.not-yet`.
 */
export function parseNamed(argv: readonly string[], flags: readonly Flag[]): ParsedFlags {
  return parseFlags(flagsFirst(argv, flags), flags);
}

/** The same words with the flags in front of the names, where `--` ends the flags. */
export function flagsFirst(argv: readonly string[], flags: readonly Flag[]): string[] {
  const [own, names]: [string[], string[]] = [[], []];
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index];
    if (word === "--") {
      names.push(...argv.slice(index + 1));
      break;
    }
    if (!word.startsWith("-") || word === "-") {
      names.push(word);
      continue;
    }
    own.push(word);
    const next = argv[index + 1];
    if (takesNext(word, flags) && next !== undefined && !next.startsWith("-")) own.push(argv[++index]);
  }
  return names.length ? [...own, "--", ...names] : own;
}

/** Whether the word behind this one may be its value. */
function takesNext(word: string, flags: readonly Flag[]): boolean {
  return flags.some(({ name, value }) => value !== undefined && word === `--${name}`);
}

/** @throws {BerthError} `usage.subcommand` when there is a name where none should be. */
export function expectNone(names: readonly string[], command: string): void {
  if (names.length === 0) return;
  throw new BerthError("usage.subcommand", `${command} takes no name; leave out ${JSON.stringify(names.join(" "))}`);
}
