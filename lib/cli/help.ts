/**
 * `berth help`: the list of commands and topics, a command's help, or a topic.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { didYouMean } from "../base/nearest.ts";
import { type Topic, TOPICS } from "../docs/topics.ts";
import { type Command, isGroup, type Program } from "./line/command.ts";
import { loadTree } from "./line/command_tree.ts";
import { findCommand } from "./line/find.ts";
import { mainHelp } from "./line/help.ts";
import { parseNamed } from "./line/names.ts";

/** `berth help`. */
export const HELP: Command<readonly string[]> = {
  name: "help",
  usage: "[COMMAND|TOPIC]",
  summary: "every command; a command's flags; what there is to know of a topic",
  flags: [],
  where: "here",
  operands: ({ commands }) => Promise.resolve([...Object.keys(commands), ...Object.keys(TOPICS)]),
  parse: (argv) => parseNamed(argv, []).rest,
  act: async (names, _words, { commands }) => {
    console.log((await helpText(names, commands)).trimEnd());
  },
};

/** The text behind these words; without one, of everything. @throws {BerthError} `usage.command`, `usage.subcommand`. */
export async function helpText(names: readonly string[], commands: Program["commands"]): Promise<string> {
  const [name, ...more] = names;
  if (name === undefined) return `${mainHelp((await loadTree(commands)).commands)}\n${topicList()}`;
  if (Object.hasOwn(commands, name)) {
    const command = await commands[name]();
    expectNoMore(more.slice(isGroup(command) ? 1 : 0));
    const found = findCommand(command, [...more, "--help"]);
    if ("help" in found) return found.help;
  }
  expectNoMore(more);
  if (Object.hasOwn(TOPICS, name)) return withoutMarkers(TOPICS[name].text);
  const near = didYouMean(name, [...Object.keys(commands), ...Object.keys(TOPICS)]);
  throw new BerthError("usage.command", `berth help: "${name}" is no command and no topic${near}`);
}

/** A topic without the comments that say which parts of it are made. */
function withoutMarkers(text: string): string {
  return text.replaceAll(/^<!-- .* -->\n+/gm, "");
}

function expectNoMore(words: readonly string[]): void {
  if (words.length === 0) return;
  throw new BerthError("usage.command", `berth help takes one topic; leave out "${words.join(" ")}"`);
}

/** A line for each topic. */
export function topicList(): string {
  const lines = Object.entries<Topic>(TOPICS).map(([name, { summary }]) => `  ${name.padEnd(16)}${summary}\n`);
  return `Topics, each by berth help TOPIC:\n${lines.join("")}`;
}
