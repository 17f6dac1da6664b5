/**
 * Values of flags that more than one command takes. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import type { ParsedFlags } from "./parse.ts";

/** What a flag's text means; undefined when the flag was not given. */
export function optional<T>(text: string | undefined, parse: (text: string) => T): T | undefined {
  return text === undefined ? undefined : parse(text);
}

/** One of several words; the first is the default. */
export function choice<T extends string>(flags: ParsedFlags, name: string, choices: readonly T[]): T {
  const text = flags.value(name);
  if (text === undefined) return choices[0];
  const found = choices.find((one) => one === text);
  if (found) return found;
  throw new BerthError("usage.value", `--${name}: "${text}" is not one of ${choices.join(", ")}`);
}
