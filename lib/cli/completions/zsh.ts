/**
 * Completions for zsh. Pure.
 *
 * @module
 */

import { quoteWord } from "../../base/quote.ts";
import { allNodes, type CommandNode } from "../line/command_tree.ts";
import { type Flag, flagHelp } from "../line/flag.ts";
import { takesJob } from "../line/command.ts";
import { type Choices, choicesOf, operandsOf } from "./choices.ts";

/** The script: a file `_berth` in `$fpath`, or sourced after compinit. */
export function zshCompletions(root: CommandNode): string {
  return `#compdef berth
# zsh completion for berth; \`berth completions zsh\` prints it

${allNodes(root).map((node) => node.commands.length ? groupFunction(node) : leafFunction(node)).join("\n\n")}

if [[ $funcstack[1] == _berth ]]; then
  _berth "$@"
else
  compdef _berth berth
fi
`;
}

function groupFunction(node: CommandNode): string {
  const names = node.commands.map(({ path, summary }) => quoteWord(`${path.at(-1)}:${summary}`));
  const cases = node.commands.map((command) => `        ${command.path.at(-1)}) ${nameOf(command)} ;;`);
  return `${nameOf(node)}() {
  local curcontext=$curcontext context state state_descr line ret=1
  local -A opt_args
  local -a commands=(
    ${names.join("\n    ")}
  )
  _arguments -C \\
    ${[...node.flags.map(flagSpec), "'1: :->command'", "'*:: :->rest'"].join(" \\\n    ")} && ret=0
  case $state in
    command) _describe -t commands command commands && ret=0 ;;
    rest)
      case $words[1] in
${cases.join("\n")}
      esac && ret=0
      ;;
  esac
  return ret
}`;
}

function leafFunction(node: CommandNode): string {
  const operands = operandsOf(node);
  const specs = [
    ...node.flags.map(flagSpec),
    ...(operands ? [`'*:${takesJob(node) ? ":" : ""} :${action(operands)}'`] : []),
  ];
  // Behind the first word of a job's command line (`-A`, `*::`) nothing is berth's.
  return `${nameOf(node)}() {
  _arguments -S${takesJob(node) ? " -A '-*'" : ""} \\
    ${specs.join(" \\\n    ")}
}`;
}

function flagSpec(flag: Flag): string {
  const { name, value, repeats } = flag;
  const told = `[${flagHelp(flag).replace(/[\\[\]:]/g, "\\$&")}]`;
  if (!value) return quoteWord(`--${name}${told}`);
  return quoteWord(
    `${repeats ? "*" : ""}--${name}=${told}:${value.replace(/[\\:]/g, "\\$&")}:${action(choicesOf(value))}`,
  );
}

/** What offers the choices: words alone, paths alone, or both. */
function action({ words, paths }: Choices): string {
  const files = paths === "folders" ? "_files -/" : "_files";
  if (paths === "none") return words.length ? `(${words.join(" ")})` : " ";
  return words.length ? `{compadd -- ${words.join(" ")}; ${files}}` : files;
}

function nameOf({ path }: CommandNode): string {
  return ["_berth", ...path].join("_");
}
