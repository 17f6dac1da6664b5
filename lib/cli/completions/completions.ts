/**
 * `berth completions`.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { didYouMean } from "../../base/nearest.ts";
import { type CommandNode, loadTree } from "../line/command_tree.ts";
import type { Command } from "../line/command.ts";
import { parseNamed } from "../line/names.ts";
import { bashCompletions } from "./bash.ts";
import { fishCompletions } from "./fish.ts";
import { zshCompletions } from "./zsh.ts";

/** What makes the script for a shell, by its name. */
export const SHELLS: Readonly<Record<string, (root: CommandNode) => string>> = {
  bash: bashCompletions,
  zsh: zshCompletions,
  fish: fishCompletions,
};

/** `berth completions`. */
export const COMPLETIONS: Command<string> = {
  name: "completions",
  usage: "bash|zsh|fish",
  summary: "print the completions for a shell",
  flags: [],
  more: `To have them where no package put them:
  bash  source <(berth completions bash)         in ~/.bashrc
  zsh   source <(berth completions zsh)          in ~/.zshrc, after compinit
  fish  berth completions fish | source          in ~/.config/fish/config.fish`,
  where: "here",
  parse: parseShell,
  act: async (shell, _words, { commands }) => {
    console.log(SHELLS[shell](await loadTree(commands)).trimEnd());
  },
};

/** The shell's name. @throws {BerthError} `usage.*`. Pure. */
export function parseShell(argv: readonly string[]): string {
  const names = Object.keys(SHELLS);
  const [name, ...more] = parseNamed(argv, []).rest;
  if (name === undefined || more.length) {
    throw new BerthError("usage.value", `berth completions takes the name of one shell: ${names.join(", ")}`);
  }
  if (Object.hasOwn(SHELLS, name)) return name;
  const near = didYouMean(name, names);
  throw new BerthError("usage.value", `berth completions: "${name}" is not one of ${names.join(", ")}${near}`);
}
