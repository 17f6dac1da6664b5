/**
 * The man page of a command, of the tables that the parser and the help use. Pure.
 *
 * @module
 */

import type { CommandNode } from "../../../lib/cli/line/command_tree.ts";
import { type Flag, flagHelp } from "../../../lib/cli/line/flag.ts";
import { bold, escape, line, prose } from "./roff.ts";

/** How each of its commands, or itself, is called. */
export function synopsis(node: CommandNode): string[] {
  const called = node.commands.length ? node.commands : [node];
  const lines = called.map(({ path, usage }) =>
    `${bold(escape(["berth", ...path].join(" ")))} ${escape(usage)}`.trim()
  );
  return [".SH SYNOPSIS", lines.join("\n.br\n")];
}

/** What it does. */
export function description({ summary, more }: CommandNode): string[] {
  return [".SH DESCRIPTION", line(escape(sentence(summary))), ...(more ? prose(more) : [])];
}

/** Its flags, and its commands with theirs. */
export function options({ flags, commands }: CommandNode): string[] {
  if (commands.length === 0) return [".SH OPTIONS", ...flags.flatMap(flagItem)];
  return [".SH COMMANDS", ...commands.flatMap(section)];
}

function section({ path, usage, summary, more, flags }: CommandNode): string[] {
  return [
    `.SS "${["berth", ...path, usage].filter((part) => part).map(escape).join(" ")}"`,
    line(escape(sentence(summary))),
    ...flags.filter(({ name }) => name !== "help").flatMap(flagItem),
    ...(more ? prose(more) : []),
  ];
}

function flagItem(flag: Flag): string[] {
  const { name, value, repeats } = flag;
  const term = bold(escape(`--${name}`)) + (value ? ` \\fI${escape(value)}\\fR` : "");
  return [".TP", term, line(escape(`${flagHelp(flag)}${repeats ? "; may be given more than once" : ""}`))];
}

function sentence(summary: string): string {
  return `${summary[0].toUpperCase()}${summary.slice(1)}.`;
}
