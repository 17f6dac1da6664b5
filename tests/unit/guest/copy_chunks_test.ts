/**
 * What the agent makes of the bytes that come in for a job's input: its own words, run by busybox here.
 *
 * @module
 */

// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { AGENT_FILES } from "../../../lib/guest/agent_files.ts";
import { whoLine } from "../../../lib/guest/protocol.ts";
import { programsMissing, testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";

const problem = await programsMissing("busybox");
const WHO = whoLine("n".repeat(26));

/** The job's input. */
async function copied(words: string): Promise<string> {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/room.sh`, AGENT_FILES["berth/room.sh"]);
  await Deno.writeTextFile(`${folder.path}/words`, words);
  const script = '. "$1/room.sh"; copy_chunks <"$1/words" 2>/dev/null';
  const { stdout } = await new Deno.Command("busybox", { args: ["sh", "-c", script, "sh", folder.path] }).output();
  return new TextDecoder().decode(stdout);
}

const CASES: readonly (readonly [what: string, words: string, input: string])[] = [
  ["chunks", "5\nhello1\n!0\n", "hello!"],
  ["a question in front", `${WHO}5\nhello0\n`, "hello"],
  ["questions of several hosts in front", `${WHO}${WHO}5\nhello0\n`, "hello"],
  ["a question and no input", `${WHO}0\n`, ""],
  ["a question that is a part of the input", `${WHO.length}\n${WHO}2\n7\n0\n`, `${WHO}7\n`],
  ["what comes behind its end", "1\nx0\n1\ny", "x"],
  ["an input that breaks off", `${WHO}5\nhel`, "hel"],
  ["nothing", "", ""],
];
for (const [what, words, input] of CASES) {
  testNeeding(problem, `copy_chunks takes for a job's input what is one, of ${what}`, async () => {
    assertEquals(await copied(words), input);
  });
}
