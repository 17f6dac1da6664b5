/**
 * `berth help`: the list of commands and topics, or a topic. Pure.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { didYouMean } from "../base/nearest.ts";
import { TOPICS } from "../docs/topics.ts";
import { COMMANDS } from "./line/commands.ts";
import { mainHelp } from "./line/help.ts";

/** The text behind a word that is no command; without one, of everything. @throws {BerthError} `usage.command`. */
export function helpText(words: readonly string[]): string {
  const [name, more] = words;
  if (name === undefined) return `${mainHelp()}\n${topicList()}`;
  if (more !== undefined) throw new BerthError("usage.command", `berth help takes one topic; leave out "${more}"`);
  if (Object.hasOwn(TOPICS, name)) return TOPICS[name].text;
  const near = didYouMean(name, [...Object.keys(COMMANDS), ...Object.keys(TOPICS)]);
  throw new BerthError("usage.command", `berth help: "${name}" is no command and no topic${near}`);
}

/** A line for each topic. */
export function topicList(): string {
  const lines = Object.entries(TOPICS).map(([name, { summary }]) => `  ${name.padEnd(16)}${summary}\n`);
  return `Topics, each by berth help TOPIC:\n${lines.join("")}`;
}
