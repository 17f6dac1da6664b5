/**
 * The pages of the manual: berth, its commands, its configuration, and its topics. Pure.
 *
 * @module
 */

import type { CommandNode } from "../../../lib/cli/line/command_tree.ts";
import { type Topic, TOPICS } from "../../../lib/docs/topics.ts";
import { description, options, synopsis } from "./command_page.ts";
import { mainPage } from "./main_page.ts";
import { markdownToRoff, type Mention } from "./markdown.ts";
import { head, mention, type PageName, seeAlso } from "./roff.ts";

/** berth's own page. */
const MAIN: PageName = { name: "berth", section: 1 };
/** What is a page of another name than its topic's. */
const PAGE_OF_TOPIC: Readonly<Record<string, PageName>> = {
  running: { name: "berth-run", section: 1 },
  services: { name: "berth-serve", section: 8 },
  configuration: { name: "berth.json", section: 5 },
};

/** All pages by the names of their files, as in `berth-run.1`. @param date as in `2026-11-21`. */
export function manPages(root: CommandNode, version: string, date: string): Map<string, string> {
  const commands = root.commands.filter(({ name }) => name !== "help");
  const pages = [...commands.map(pageOfCommand), ...topics().map(([name]) => pageOfTopic(name))];
  const others = pages.filter((page, index) => pages.findIndex(({ name }) => name === page.name) === index);
  const page = (name: PageName, summary: string, body: readonly string[], more: readonly PageName[]) =>
    [fileOf(name), [...head(name, summary, version, date), ...body, ...seeAlso(more)].join("\n") + "\n"] as const;
  return new Map([
    page(MAIN, root.summary, mainPage(commands.map((node) => ({ node, page: pageOfCommand(node) }))), others),
    ...topics().map(([name, { summary, text }]) => {
      const roff = markdownToRoff(text, mentionTopic);
      const begin = roff[0].startsWith(".SH") ? [] : [".SH DESCRIPTION"];
      return page(pageOfTopic(name), summary, [...begin, ...roff], [MAIN]);
    }),
    // After the topics, of which some are a command's.
    ...commands.map((node) => page(pageOfCommand(node), node.summary, commandBody(node), [MAIN, ...topicsOf(node)])),
  ]);
}

/** The name of a page's file. */
function fileOf({ name, section }: PageName): string {
  return `${name}.${section}`;
}

function topics(): [string, Topic][] {
  return Object.entries(TOPICS);
}

function pageOfCommand({ name }: CommandNode): PageName {
  const page = `berth-${name}`;
  return Object.values(PAGE_OF_TOPIC).find((one) => one.name === page) ?? { name: page, section: 1 };
}

function pageOfTopic(name: string): PageName {
  return PAGE_OF_TOPIC[name] ?? { name: `berth-${name}`, section: 7 };
}

/** The topic that is a command's page, else what its help says. */
function commandBody(node: CommandNode): string[] {
  const topic = topics().find(([name]) => pageOfTopic(name).name === pageOfCommand(node).name);
  const own = [...synopsis(node), ...description(node)];
  if (!topic) return [...own, ...options(node)];
  return [
    ...own,
    ...markdownToRoff(topic[1].text, mentionTopic).map((one) => one === ".SH FLAGS" ? ".SH OPTIONS" : one),
  ];
}

/** Topics that have a command's flags, but its own page. */
function topicsOf(node: CommandNode): PageName[] {
  const about = topics().filter(([, { text }]) => text.includes(`<!-- made: flags ${node.name} -->`));
  return about.map(([name]) => pageOfTopic(name)).filter(({ name }) => name !== pageOfCommand(node).name);
}

const mentionTopic: Mention = (target) => mention(pageOfTopic(target.replace(/\.md$/, "")));
