// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { helpText } from "../../../lib/cli/help.ts";
import { TOPICS } from "../../../lib/docs/topics.ts";

Deno.test("helpText() is everything, or a topic", () => {
  for (const name of Object.keys(TOPICS)) {
    assertEquals(helpText([name]), TOPICS[name].text);
    assertStringIncludes(helpText([]), `\n  ${name} `);
  }
});

for (const [words, message] of [[["kvn"], 'did you mean "kvm"?'], [["kvm", "now"], 'leave out "now"']] as const) {
  Deno.test(`helpText() refuses ${words.join(" ")}`, () => {
    assertEquals(assertThrows(() => helpText(words), BerthError, message).code, "usage.command");
  });
}
