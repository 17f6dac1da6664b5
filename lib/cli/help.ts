/**
 * `berth help`: every command, a command's own help, or a topic.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { didYouMean } from "../base/nearest.ts";
import { TOPICS } from "../docs/topics.ts";
import { COMMANDS } from "./line/commands.ts";
import { mainHelp } from "./line/help.ts";

/** What to print. @param helpOfCommand prints a command's own. @throws {BerthError} `usage.command`. */
export async function help(
  [name]: readonly string[],
  helpOfCommand: (name: string) => Promise<number>,
): Promise<number> {
  if (name === undefined) return print(`${mainHelp()}\n${topicList()}`);
  if (Object.hasOwn(COMMANDS, name)) return await helpOfCommand(name);
  if (Object.hasOwn(TOPICS, name)) return print(TOPICS[name].text);
  const near = didYouMean(name, [...Object.keys(COMMANDS), ...Object.keys(TOPICS)]);
  throw new BerthError("usage.command", `berth help: "${name}" is no command and no topic${near}`);
}

/** A line for each topic. Pure. */
export function topicList(): string {
  const lines = Object.entries(TOPICS).map(([name, { summary }]) => `  ${name.padEnd(16)}${summary}\n`);
  return `Topics, each by berth help TOPIC:\n${lines.join("")}`;
}

function print(text: string): number {
  console.log(text.trimEnd());
  return 0;
}
