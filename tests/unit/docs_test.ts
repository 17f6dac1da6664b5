// @ts-types="../support/assert.d.ts"
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import readme from "../../README.md" with { type: "text" };
import { EXIT_STATUSES } from "../../lib/base/exit_status.ts";
import { COMMANDS } from "../../lib/cli/commands.ts";
import { SETTINGS } from "../../lib/cli/config/settings.ts";
import { allNodes } from "../../lib/cli/line/command_tree.ts";
import { topicList } from "../../lib/cli/help.ts";
import { HOST_PROGRAMS } from "../../lib/host/programs.ts";
import type { JobEvent } from "../../lib/job/events.ts";
import { POINTS } from "../../lib/machine/points.ts";
import { TOPICS } from "../../lib/docs/topics.ts";
import { parseRequest } from "../../lib/job/request/parse.ts";
import { JOB_KEYS } from "../../lib/job/request/rules.ts";
import { parseCommand, TREE } from "../support/command_line/commands.ts";

const TEXTS = Object.entries({ readme, ...Object.fromEntries(Object.entries(TOPICS).map(([n, t]) => [n, t.text])) });

Deno.test("the README is of a screen and a bit, and leads to every topic", () => {
  assert(new TextEncoder().encode(readme).length <= 8192);
  for (const name of Object.keys(TOPICS)) assertStringIncludes(readme, `[${name}](lib/docs/${name}.md)`);
  for (const line of topicList().split("\n")) assert(line.length <= 100, line);
});

Deno.test("every flag of every command, every exit status, every key and every command is documented", () => {
  for (const { path, flags } of allNodes(TREE)) {
    const topic = Object.values(TOPICS).find(({ text }) => text.includes(`<!-- made: flags ${path[0]} -->`));
    for (const { name } of flags.filter(({ name }) => path.length && name !== "help")) {
      assert(topic?.text.includes(`\`--${name}`), `${path.join(" ")} --${name}`);
    }
  }
  for (const [status] of EXIT_STATUSES) {
    for (const text of [readme, TOPICS.running.text]) assertStringIncludes(text, status);
  }
  for (const { key } of SETTINGS) assertStringIncludes(TOPICS.configuration.text, `\`${key}\``);
  for (const name of Object.keys(COMMANDS)) assertStringIncludes(readme, `berth ${name}`);
});

/** Every kind of event: the type makes it complete. */
const EVENTS: Readonly<Record<JobEvent["kind"], true>> = {
  ...{ job: true, point: true, phase: true, attempt: true, group: true, started: true, seen: true, note: true },
  ...{ "left-out": true, trouble: true, output: true, limits: true, usage: true, log: true, verdict: true },
  start: true,
};

Deno.test("every kind of event, and every point of a job's life, is documented", () => {
  const { text } = TOPICS.report;
  for (const kind of Object.keys(EVENTS)) assert(text.includes(`| \`${kind}\` `), kind);
  const points = text.slice(text.indexOf("The points, in the order"));
  const named = [...points.matchAll(/`([a-z]+)`/g)].map(([, name]) => name);
  assertEquals(named.slice(0, POINTS.length), [...POINTS]);
});

/** The words of a line as a shell would have them; enough for our own examples. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replaceAll(/["']/g, ""));
}

Deno.test("every command line in README and topics can be read", async () => {
  let read = 0;
  for (const [name, text] of TEXTS) {
    for (const [, line] of text.matchAll(/^ {4}(.*)$/gm)) {
      // A line of a synopsis has words for what is to be put in.
      if (/[[…|]|COMMAND| {3}/.test(line)) continue;
      for (const part of line.split(" && ")) {
        const words = wordsOf(part.replace(/^deno task run /, "berth run ").replace(/^(\S+=\S+|deno task) /, ""));
        if (words[0] !== "berth") continue;
        try {
          parseCommand(await COMMANDS[words[1] as keyof typeof COMMANDS](), words.slice(2));
          read++;
        } catch (error) {
          throw new Error(`${name}: ${part}`, { cause: error });
        }
      }
    }
  }
  assert(read >= 7, `only ${read} were found`);
});

Deno.test("every import of deno.json and every program of the host is in the card of dependencies", () => {
  const { text } = TOPICS.dependencies;
  for (const [name, target] of Object.entries(config.imports)) {
    const row = text.split("\n").find((line) => line.startsWith("|") && line.includes(`\`${name}\``));
    assert(row?.includes(target.replace(/^(npm:deno-std@[^/]*).*/, "$1").replace("./", "")), `${name}: ${target}`);
  }
  for (const { program } of HOST_PROGRAMS) assertStringIncludes(text, `\`${program}\``);
});

Deno.test("no topic leads to a place that is not there", () => {
  for (const [name, text] of TEXTS) {
    for (const [, target] of text.matchAll(/\]\(([^)#]+)\)/g)) {
      const topic = /^(?:lib\/docs\/)?(\w+)\.md$/.exec(target)?.[1];
      assertEquals(topic !== undefined && Object.hasOwn(TOPICS, topic), true, `${name}: ${target}`);
    }
    assertEquals(text.includes("](#"), false, name);
  }
});

Deno.test("every key of a request is documented, and the topic's example is one", () => {
  const { text } = TOPICS.requests;
  for (const key of JOB_KEYS) assertStringIncludes(text, key.includes(".") ? `"${key.split(".")[1]}"` : `\`${key}\``);
  const [, example] = /```json\n([^]*?)```/.exec(text)!;
  assertEquals(parseRequest(example, "the example", 2 ** 40).request.command, ["make", "check"]);
});
