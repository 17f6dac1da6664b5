// @ts-types="../support/assert.d.ts"
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import readme from "../../README.md" with { type: "text" };
import { parseSubcommand } from "../../lib/cli/subcommands.ts";
import { CACHE } from "../../lib/cli/cache.ts";
import { SETTINGS } from "../../lib/cli/config/settings.ts";
import { parseGcArgs } from "../../lib/cli/gc/args.ts";
import { IMAGE } from "../../lib/cli/image/image.ts";
import { COMMANDS, EXIT_STATUSES } from "../../lib/cli/line/commands.ts";
import { RUN_FLAGS } from "../../lib/cli/line/flags.ts";
import { parseRunArgs } from "../../lib/cli/run/args.ts";
import { parseUpdateArgs } from "../../lib/cli/update_args.ts";
import { topicList } from "../../lib/cli/help.ts";
import { TOPICS } from "../../lib/docs/topics.ts";

const TEXTS = Object.entries({ readme, ...Object.fromEntries(Object.entries(TOPICS).map(([n, t]) => [n, t.text])) });

Deno.test("the README is of a screen and a bit, and leads to every topic", () => {
  assert(new TextEncoder().encode(readme).length <= 8192);
  for (const name of Object.keys(TOPICS)) assertStringIncludes(readme, `[${name}](lib/docs/${name}.md)`);
  for (const line of topicList().split("\n")) assert(line.length <= 100, line);
});

Deno.test("every flag of berth run, every exit status, every key and every command is documented", () => {
  for (const { name } of RUN_FLAGS) {
    if (name !== "help") assert(new RegExp(`\`--${name}[ \`\\[]`).test(TOPICS.running.text), `--${name}`);
  }
  for (const [status] of EXIT_STATUSES) {
    for (const one of status.split(", ")) {
      assert(TOPICS.running.text.includes(one.replace("0-255", "0–255")), `status ${one}`);
    }
  }
  for (const { key } of SETTINGS) assertStringIncludes(TOPICS.configuration.text, `\`${key}\``);
  for (const name of Object.keys(COMMANDS)) assertStringIncludes(readme, `berth ${name}`);
});

/** The words of a line as a shell would have them; enough for our own examples. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replaceAll(/["']/g, ""));
}

/** What reads a command's words. */
const PARSERS: Readonly<Record<string, (argv: string[]) => unknown>> = {
  run: (argv) => parseRunArgs(argv, 2 ** 40),
  update: (argv) => parseUpdateArgs(argv),
  gc: (argv) => parseGcArgs(argv),
  image: (argv) => parseSubcommand(IMAGE, argv),
  cache: (argv) => parseSubcommand(CACHE, argv),
};

Deno.test("every command line in README and topics can be read", () => {
  let read = 0;
  for (const [name, text] of TEXTS) {
    for (const [, line] of text.matchAll(/^ {4}(.*)$/gm)) {
      // A line of a synopsis has words for what is to be put in.
      if (/[[…|]|COMMAND| {3}/.test(line)) continue;
      for (const part of line.split(" && ")) {
        const words = wordsOf(part.replace(/^deno task run /, "berth run ").replace(/^(\S+=\S+|deno task) /, ""));
        const parse = words[0] === "berth" ? PARSERS[words[1]] : undefined;
        if (!parse) continue;
        try {
          parse(words.slice(2));
          read++;
        } catch (error) {
          throw new Error(`${name}: ${part}`, { cause: error });
        }
      }
    }
  }
  assert(read >= 7, `only ${read} were found`);
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
