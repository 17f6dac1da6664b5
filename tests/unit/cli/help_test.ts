// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../lib/base/errors.ts";
import { COMMANDS } from "../../../lib/cli/commands.ts";
import { helpText } from "../../../lib/cli/help.ts";
import { TOPICS } from "../../../lib/docs/topics.ts";
import { helpOf } from "../../support/command_line/commands.ts";

const help = (...words: string[]) => helpText(words, COMMANDS);

Deno.test("helpText() is everything, or a topic", async () => {
  const all = await help();
  for (const name of Object.keys(TOPICS)) {
    const text = await help(name);
    assertEquals(text.includes("<!--") || text.includes("\n\n\n"), false, name);
    // Every line that is no comment is there.
    const lines = (text: string) => text.split("\n").filter((line) => line && !line.startsWith("<!--"));
    assertEquals(lines(text), lines(TOPICS[name].text));
    assertStringIncludes(all, `\n  ${name} `);
  }
});

for (const words of [["run"], ["gc"], ["help"], ["image"], ["image", "ls"]]) {
  Deno.test(`helpText() is what berth ${words.join(" ")} --help prints`, async () => {
    assertEquals(await help(...words), await helpOf(...words));
  });
}

const REFUSED: [words: string[], message: string, code: ErrorCode][] = [
  [["kvn"], 'did you mean "kvm"?', "usage.command"],
  [["kvm", "now"], 'leave out "now"', "usage.command"],
  [["run", "now"], 'leave out "now"', "usage.command"],
  [["image", "ls", "now"], 'leave out "now"', "usage.command"],
  [["image", "inspetc"], 'did you mean "inspect"?', "usage.subcommand"],
];
for (const [words, message, code] of REFUSED) {
  Deno.test(`helpText() refuses ${words.join(" ")}`, async () => {
    assertEquals((await assertRejects(() => help(...words), BerthError, message)).code, code);
  });
}

Deno.test("no topic has the name of a command", () => {
  assertEquals(Object.keys(TOPICS).filter((name) => Object.hasOwn(COMMANDS, name)), []);
});
