/**
 * `berth completions`. Pure.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { didYouMean } from "../base/nearest.ts";
import { bashCompletions } from "./completions/bash.ts";
import { fishCompletions } from "./completions/fish.ts";
import { zshCompletions } from "./completions/zsh.ts";

/** The scripts, by the names of their shells. */
export const SHELLS: Readonly<Record<string, () => string>> = {
  bash: bashCompletions,
  zsh: zshCompletions,
  fish: fishCompletions,
};

/** The script that is asked for. @throws {BerthError} `usage.value`. */
export function completions(argv: readonly string[]): string {
  const names = Object.keys(SHELLS);
  const [name, ...more] = argv;
  if (name === undefined || more.length) {
    throw new BerthError("usage.value", `berth completions takes the name of one shell: ${names.join(", ")}`);
  }
  if (Object.hasOwn(SHELLS, name)) return SHELLS[name]();
  throw new BerthError(
    "usage.value",
    `berth completions: "${name}" is not one of ${names.join(", ")}${didYouMean(name, names)}`,
  );
}
