/**
 * What is configured, put into a command line. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { type Flag, GROUP_FLAGS } from "../line/flags.ts";
import { parseFlags } from "../line/parse.ts";
import { flagWords, fullName, type Layer, type Setting, settingsOf } from "./settings.ts";

/** The command that is called. */
export interface Target {
  /** Its name, without `berth`. */
  readonly name: string;
  readonly flags: readonly Flag[];
  /** Its names may stand before its flags. */
  readonly namesFirst?: boolean;
  /** @throws {BerthError} when a command line is wrong. */
  parse(argv: readonly string[]): unknown;
}

/** A command line, and what is worth a word about it. */
export interface Merged {
  readonly argv: readonly string[];
  /** What was left out of it. */
  readonly notes: readonly string[];
  /** Whether the user wants no notes. */
  readonly quiet: boolean;
}

interface Configured {
  readonly layer: Layer;
  readonly setting: Setting;
  readonly flag: Flag;
  readonly values: readonly string[];
}

/**
 * Puts the settings of a command in front of the user's flags. A flag of the user's replaces its setting, as the
 * environment's replaces the file's. What contradicts something that counts more is left out, and noted: a default must
 * not stop a job that asks for something else.
 *
 * @param layers what counts most stands first; they have been checked.
 * @throws {BerthError} for what is wrong with the user's own words.
 */
export function mergeSettings(words: readonly string[], target: Target, layers: readonly Layer[]): Merged {
  const configured = configuredFor(target, layers);
  if (configured.length === 0) return { argv: words, notes: [], quiet: false };
  target.parse(words);
  const at = flagsAt(words, target);
  const given = parseFlags(words.slice(at), target.flags);
  const added = new Map<string, Configured>();
  const valueOf = (name: string) => given.value(name) ?? added.get(name)?.values[0];
  const merge = (settings: readonly Configured[]) => [
    ...words.slice(0, at),
    ...settings.flatMap(({ setting, values }) => flagWords(setting, values)),
    ...words.slice(at),
  ];
  const notes: string[] = [];
  for (const one of configured) {
    if (valueOf(one.flag.name) !== undefined || !applies(one.flag.name, valueOf)) continue;
    const problem = problemOf(() => target.parse(merge([...added.values(), one])));
    if (problem === undefined) added.set(one.flag.name, one);
    else notes.push(`${fullName(one.layer, one.setting)} is left out, as it contradicts what counts more: ${problem}`);
  }
  return { argv: merge([...added.values()]), notes, quiet: given.has("quiet") };
}

/** What is configured of a command, in the order in which it counts. */
function configuredFor({ name }: Target, layers: readonly Layer[]): Configured[] {
  const own = settingsOf(name);
  const all = layers.flatMap((layer) =>
    [...layer.values].flatMap(([setting, values]) =>
      setting.flag && own.includes(setting) ? [{ layer, setting, flag: setting.flag, values }] : []
    )
  );
  // It has no meaning before it is known how much memory there is.
  const isLast = ({ flag }: Configured) => flag.name === "memory-high";
  return [...all.filter((one) => !isLast(one)), ...all.filter(isLast)];
}

/** Where flags may be put in. */
function flagsAt(words: readonly string[], { namesFirst }: Target): number {
  const first = namesFirst ? words.findIndex((word) => word.startsWith("-")) : 0;
  return first < 0 ? words.length : first;
}

/** Whether a setting has a meaning beside what stands. */
function applies(name: string, valueOf: (name: string) => string | undefined): boolean {
  if (name.startsWith("tenant-") && valueOf("tenant") === undefined) return false;
  return valueOf("limits") !== "off" || !GROUP_FLAGS.some((flag) => flag.name === name);
}

function problemOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof BerthError) return error.message;
    throw error;
  }
}
