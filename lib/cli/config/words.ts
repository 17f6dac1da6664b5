/**
 * What is configured, as words of a command line: for commands whose host process is started with theirs. Pure.
 *
 * @module
 */

import { parseFlags } from "../line/parse.ts";
import type { Configured } from "./check.ts";
import { type Configurable, flagWords, settingsOf } from "./settings.ts";

/**
 * Puts the settings of a command in front of the user's flags; a flag of the user's replaces its setting.
 *
 * @param argv its flags stand first. @param configured what counts most stands first. @throws {BerthError} for what is wrong with the user's own words.
 */
export function withSettings(
  argv: readonly string[],
  command: Configurable,
  configured: readonly Configured[],
): readonly string[] {
  const given = parseFlags(argv, command.flags);
  const words = settingsOf(command.flags).flatMap((setting) => {
    if (given.values(setting.flag!.name).length) return [];
    const one = configured.find(({ flag }) => flag === setting.flag);
    return one ? flagWords(setting, one.texts) : [];
  });
  return [...words, ...argv];
}
