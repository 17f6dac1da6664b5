/**
 * Completions for fish. Pure.
 *
 * @module
 */

import { allNodes, type CommandNode } from "../line/command_tree.ts";
import { type Flag, flagHelp } from "../line/flag.ts";
import { takesJob } from "../line/command.ts";
import { type Choices, choicesOf, operandsOf } from "./choices.ts";

/** Commands always come first, so where they stand says what they are. */
const FUNCTIONS = `# Whether the words before the cursor begin with these, and the job's own have not begun.
function __berth_at
    set -l words (commandline -opc)
    set -e words[1]
    for word in $argv
        test "$words[1]" = $word; or return 1
        set -e words[1]
    end
    not contains -- -- $words
end

# Whether the words before the cursor are these and no others.
function __berth_only
    set -l words (commandline -opc)
    set -e words[1]
    test "$words" = "$argv"
end

function __berth_in_job
    set -l words (commandline -opc)
    test "$words[2]" = $argv[1]; and contains -- -- $words
end`;

/** The script. */
export function fishCompletions(root: CommandNode): string {
  return `# fish completion for berth; \`berth completions fish\` prints it

${FUNCTIONS}

complete -c berth -f
${allNodes(root).flatMap(linesOf).join("\n")}
`;
}

function linesOf(node: CommandNode): string[] {
  const only = `-n ${quote(["__berth_only", ...node.path].join(" "))}`;
  const at = node.commands.length ? only : `-n ${quote(["__berth_at", ...node.path].join(" "))}`;
  const names = node.commands.map(({ path, summary }) => `${only} -a ${path.at(-1)} -d ${quote(summary)}`);
  const flags = node.flags.map((flag) => `${at} ${flagWords(flag)}`);
  const operands = operandLines(node, at);
  return [...names, ...operands, ...flags].map((line) => `complete -c berth ${line}`);
}

function operandLines(node: CommandNode, at: string): string[] {
  if (takesJob(node)) return [`-n ${quote(`__berth_in_job ${node.path[0]}`)} -F`];
  const operands = operandsOf(node);
  const words = operands && choiceWords(operands);
  return words ? [`${at} ${words}`] : [];
}

function flagWords(flag: Flag): string {
  const { name, value } = flag;
  const told = `-l ${name} -d ${quote(flagHelp(flag))}`;
  if (!value) return told;
  const choices = choicesOf(value);
  // -x is -r without files, which a value has else.
  const kind = choices.paths === "files" ? "-r" : "-x";
  return [told, kind, choiceWords(choices)].filter((part) => part).join(" ");
}

function choiceWords({ words, paths }: Choices): string {
  const offered = [...words, ...(paths === "folders" ? ["(__fish_complete_directories)"] : [])];
  return [...(offered.length ? [`-a ${quote(offered.join(" "))}`] : []), ...(paths === "files" ? ["-F"] : [])].join(
    " ",
  );
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
