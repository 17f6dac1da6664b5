/**
 * Command lines against a table of flags. Pure.
 *
 * @module
 */

// @ts-types="../../base/types/parse_args.d.ts"
import { parseArgs } from "@std/cli/parse-args";
import { BerthError } from "../../base/errors.ts";
import { didYouMean } from "../../base/nearest.ts";
import type { Flag } from "./flag.ts";

/** What a command line says. */
export interface ParsedFlags {
  /** The value of a flag that takes one, as text; undefined when it was not given. */
  value(name: string): string | undefined;
  values(name: string): readonly string[];
  has(name: string): boolean;
  /** What comes after the flags; a `--` before it is not part of it. */
  readonly rest: readonly string[];
}

/** @throws {BerthError} `usage.flag`, `usage.value`, `usage.not-yet`. */
export function parseFlags(argv: readonly string[], flags: readonly Flag[]): ParsedFlags {
  const { own, rest } = split(argv, flags);
  const parsed = parseArgs(own, {
    string: flags.filter(({ value }) => value).map(({ name }) => name),
    boolean: flags.filter(({ value }) => !value).map(({ name }) => name),
    collect: flags.filter(({ value }) => value).map(({ name }) => name),
  });
  const values = (name: string) => (parsed[name] ?? []) as readonly string[];
  for (const flag of flags) check(flag, values);
  return { value: (name) => values(name)[0], values, has: (name) => parsed[name] === true, rest };
}

/**
 * Where the flags end and the command begins. The parser must not see the command: it would make numbers of words that
 * look like some, and take a `true` for the value of the flag before it.
 */
function split(argv: readonly string[], flags: readonly Flag[]): { own: string[]; rest: string[] } {
  const own: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index];
    if (word === "--") return { own, rest: argv.slice(index + 1) };
    if (!word.startsWith("-") || word === "-") return { own, rest: argv.slice(index) };
    const { flag, value } = known(word, flags);
    const next = argv[index + 1];
    // A value is never taken from what looks like the next flag; --flag=-value says it is one.
    const isValue = (next === "-" && flag.takesDash) || !next?.startsWith("-");
    const takesNext = flag.value && value === undefined && next !== undefined && isValue;
    own.push(takesNext ? `${word}=${argv[++index]}` : word);
  }
  return { own, rest: [] };
}

/** The flag that a word is, and what stands behind its `=`. */
function known(word: string, flags: readonly Flag[]): { flag: Flag; value: string | undefined } {
  const [, dashes, name, , value] = /^(--?)([^=]*)(=(.*))?$/s.exec(word)!;
  const flag = dashes === "--" ? flags.find((one) => one.name === name) : undefined;
  if (!flag) {
    const near = didYouMean(name, flags.map((one) => one.name)).replace('"', '"--');
    throw new BerthError("usage.flag", `unknown flag ${dashes}${name}${near}`);
  }
  if (!flag.value && value !== undefined) {
    throw new BerthError("usage.value", `--${name} takes no value; leave out "=${value}"`);
  }
  return { flag, value };
}

function check(flag: Flag, values: (name: string) => readonly string[]): void {
  if (!flag.value) return;
  const given = values(flag.name);
  if (flag.notYet && given.length) {
    throw new BerthError("usage.not-yet", `--${flag.name} (${flag.help}) is not there yet`);
  }
  // A flag at the end, or before another flag, has the empty text for a value.
  if (given.includes("")) throw new BerthError("usage.value", `--${flag.name} needs a value: ${flag.value}`);
  if (given.length > 1 && !flag.repeats) throw new BerthError("usage.flag", `--${flag.name} is given more than once`);
}
