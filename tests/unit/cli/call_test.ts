// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertStringIncludes } from "@std/assert";
import { callCommand } from "../../../lib/cli/call.ts";
import type { Command, Program } from "../../../lib/cli/line/command.ts";

const PROGRAM: Program = { mainModule: "file:///main.ts", commands: {} };

/** A command that ends as its one word says. */
const ECHO: Command<string> = {
  name: "echo",
  usage: "WORD",
  summary: "a command of tests",
  flags: [],
  where: "here",
  parse: ([word]) => {
    if (word === "unreadable") throw new Error(word);
    return word;
  },
  statusOf: (error) => error instanceof TypeError ? 78 : undefined,
  act: (word, _words, { mainModule }) => {
    if (word === "type") throw new TypeError(word);
    return Promise.resolve(word === "main" ? mainModule.length : word ? Number(word) : undefined);
  },
};

const CALLS: [what: string, word: string, status: number][] = [
  ["with its status", "7", 7],
  ["with 0 where it says nothing", "", 0],
  ["with 125 when its words can't be read", "unreadable", 125],
  ["with a status of its own for an error of its own", "type", 78],
  ["and knows the program", "main", PROGRAM.mainModule.length],
];
for (const [what, word, status] of CALLS) {
  Deno.test(`callCommand() ends a command ${what}`, async () => {
    assertEquals(await callCommand({ path: ["echo"], command: ECHO }, [word], PROGRAM), status);
  });
}

const MAIN = new URL("../../../main.ts", import.meta.url);

const LINES: [argv: string[], status: number, words: string][] = [
  [["serve", "--every", "soon"], 78, "berth: --every:"],
  [["completions"], 125, "berth: berth completions takes the name of one shell"],
  [["setup", "now"], 125, 'berth: berth setup takes no name; leave out "now"'],
  [["stup"], 125, 'berth: unknown command "stup"; did you mean "setup"?'],
  [["ps"], 125, "berth: berth ps is not there yet"],
  [[], 125, "berth: there is no command"],
];
for (const [argv, status, words] of LINES) {
  Deno.test(`berth ${argv.join(" ")} ends with ${status}, and says why`, async () => {
    const call = ["run", "-q", "--no-prompt", `--config=${new URL("deno.json", MAIN).pathname}`, MAIN.pathname];
    const args = ["-c", '"$@"', "sh", Deno.execPath(), ...call, ...argv];
    const { code, stdout, stderr } = await new Deno.Command("sh", { args, env: { NO_COLOR: "1" } }).output();
    assertEquals([code, stdout.length], [status, 0]);
    assertStringIncludes(new TextDecoder().decode(stderr), words);
  });
}
