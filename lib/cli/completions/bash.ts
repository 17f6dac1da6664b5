/**
 * Completions for bash. Pure.
 *
 * @module
 */

import { allNodes, type CommandNode } from "../line/command_tree.ts";
import { takesJob } from "../line/command.ts";
import { type Choices, choicesOf, operandsOf } from "./choices.ts";

/**
 * bash splits words also at `=` and `:`, so `--env A=b` are four of them. Needs nothing of the package bash-completion.
 * A path is left to readline (`compopt`), which knows how to quote it.
 */
const BODY = `_berth() {
  local cur=\${COMP_WORDS[COMP_CWORD]} at= names= plain= valued= words= paths= job= flag= part= in_job= word
  COMPREPLY=()
  _berth_at
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ $word =~ ^[=:]+$ ]]; then
      [[ $flag ]] || part=1
    elif [[ $part ]]; then
      part=
    elif [[ $flag ]]; then
      flag=
    elif [[ $in_job ]]; then
      continue
    elif [[ $word == -- ]]; then
      in_job=1
    elif [[ $word == -* ]]; then
      [[ " $valued " != *" $word "* ]] || flag=$word
    elif [[ " $names " == *" $word "* ]]; then
      at+=" $word"
      _berth_at
    else
      in_job=$job
    fi
  done
  if [[ $cur =~ ^[=:]+$ ]]; then
    [[ $flag ]] || part=1
    cur=
  fi
  if [[ $part ]]; then
    return
  elif [[ $flag ]]; then
    _berth_value
  elif [[ ! $in_job && $cur == -* ]]; then
    words="$plain $valued" paths=
  elif [[ $names ]]; then
    words=$names
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [[ \${#COMPREPLY[@]} == 0 && $paths == folders ]]; then
    compopt -o filenames -o dirnames
  elif [[ \${#COMPREPLY[@]} == 0 && $paths == files ]]; then
    compopt -o filenames -o default
  fi
}

complete -F _berth berth`;

/** The script. */
export function bashCompletions(root: CommandNode): string {
  const nodes = allNodes(root);
  return `# bash completion for berth; \`berth completions bash\` prints it

# What the command line may go on with: commands, flags without and with a value, operands.
_berth_at() {
  names= plain= valued= words= paths= job=
  case $at in
${nodes.map(nodeCase).join("\n")}
  esac
}

# What the value of a flag may be.
_berth_value() {
  words= paths=
  case "$at $flag" in
${nodes.flatMap(valueCases).join("\n")}
  esac
}

${BODY}
`;
}

function nodeCase(node: CommandNode): string {
  const flags = (valued: boolean) => node.flags.filter(({ value }) => Boolean(value) === valued).map(dashed).join(" ");
  const parts = [
    `names='${node.commands.map(({ path }) => path.at(-1)).join(" ")}'`,
    `plain='${flags(false)}'`,
    `valued='${flags(true)}'`,
    ...assignments(operandsOf(node)),
    ...(takesJob(node) ? ["job=1"] : []),
  ];
  return `    '${at(node)}')\n      ${parts.filter((part) => !part.endsWith("=''")).join("\n      ")}\n      ;;`;
}

function valueCases(node: CommandNode): string[] {
  return node.flags.flatMap((flag) => {
    const parts = assignments(choicesOf(flag.value ?? ""));
    return parts.length ? [`    '${at(node)} ${dashed(flag)}') ${parts.join(" ")} ;;`] : [];
  });
}

function assignments({ words, paths }: Choices = { words: [], paths: "none" }): string[] {
  return [...(words.length ? [`words='${words.join(" ")}'`] : []), ...(paths === "none" ? [] : [`paths=${paths}`])];
}

function at({ path }: CommandNode): string {
  return path.map((word) => ` ${word}`).join("");
}

function dashed({ name }: { readonly name: string }): string {
  return `--${name}`;
}
