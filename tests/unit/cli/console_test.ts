// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { Console } from "../../../lib/cli/console.ts";

/** What is written to standard error meanwhile. */
function written(speak: () => void): string {
  const { writeSync } = Deno.stderr;
  let text = "";
  Deno.stderr.writeSync = (bytes) => {
    text += new TextDecoder().decode(bytes);
    return bytes.length;
  };
  try {
    speak();
  } finally {
    Deno.stderr.writeSync = writeSync;
  }
  return text;
}

Deno.test("a Console writes each line with berth's name in front, and the user's paths", () => {
  const console = new Console(false, [["/run/w", "/home/me"], ["/run/w/deep", "./deep"]]);
  assertEquals(written(() => console.note("/run/w/x\n/run/w/deep/y")), "berth: /home/me/x\nberth: ./deep/y\n");
});

Deno.test("a Console shows control characters, and no terminal obeys them", () => {
  const console = new Console(true, [["/run/w", "/odd\x1b[31m"]]);
  const error = new BerthError("image.spec", 'unknown field "\x1b[2J\x9b\r\x07" in /run/w, ünïcode');
  assertEquals(
    written(() => console.error(error)),
    `berth: unknown field "\\x1b[2J\\x9b\\x0d\\x07" in /odd\\x1b[31m, ünïcode (${error.hint})\n`,
  );
});

Deno.test("a Console that is to be quiet says errors only", () => {
  const console = new Console(true);
  assertEquals(written(() => console.note("x")) + written(() => console.error("y")), "berth: y\n");
});
