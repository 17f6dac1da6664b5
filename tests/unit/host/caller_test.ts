// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertRejects } from "@std/assert";
import { readCallerFile, readCallerVariables } from "../../../lib/host/caller.ts";
import { temporaryFolder } from "../../support/temp.ts";

const CALLER = new URL("../../../lib/host/caller.ts", import.meta.url).href;

/** Runs a module in a process that a shell starts by this command, in which `"$@"` is that process. */
async function inProcess(start: string, body: string): Promise<string> {
  const module =
    `import * as caller from "${CALLER}"; const tell = (value) => console.log(JSON.stringify(value)); ${body}`;
  const url = `data:text/javascript,${encodeURIComponent(module)}`;
  const command = [Deno.execPath(), "run", "-q", "--no-prompt", "--no-config", "--allow-run=sh", "--allow-import", url];
  const args = ["-c", `${start}`, "sh", ...command];
  const { stdout, stderr } = await new Deno.Command("sh", { args }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("readCallerVariables() has what is asked for, to the byte, and nothing else", async () => {
  const start = `ONE='a
TWO=not one' TWO="$(printf '=\\377')" EMPTY= OTHER=secret "$@"`;
  const body = `const map = await caller.readCallerVariables(["ONE", "TWO", "EMPTY", "ABSENT"]);
    tell([...map].map(([name, bytes]) => [name, [...bytes].map((byte) => String.fromCharCode(byte)).join("")]).sort());`;
  assertEquals(JSON.parse(await inProcess(start, body)), [["EMPTY", ""], ["ONE", "a\nTWO=not one"], ["TWO", "=\xff"]]);
});

Deno.test("readCallerVariables() asks nobody for nothing", async () => {
  assertEquals(await readCallerVariables([]), new Map());
});

const WORDS: [what: string, words: string, refused: string][] = [
  ["takes what is text", `prog 'a\uFFFDb' ''`, ""],
  ["names the argument that is none", `prog "$(printf 'caf\\351')" x`, `"caf\\xe9" is not UTF-8`],
  ["shows no value", `--env "$(printf 'TOKEN=hunter2\\377')"`, `"TOKEN=…" is not UTF-8`],
];
for (const [what, words, refused] of WORDS) {
  Deno.test(`expectArgumentsAsGiven() ${what}`, async () => {
    const body = `tell(await caller.expectArgumentsAsGiven(Deno.args).then(() => "", (error) => error.message));`;
    const said = JSON.parse(await inProcess(`"$@" ${words}`, body));
    assert(refused ? said.includes(refused) && !said.includes("hunter2") : said === "", said);
  });
}

Deno.test("readCallerDescriptor() tells what a descriptor of the caller's is good for", async () => {
  const start =
    `exec 4>/dev/null 5</dev/null 6<>/dev/null 7>>/dev/null && exec busybox sh -c 'exec "$@" 12>/dev/null' sh "$@"`;
  const body = `tell(await Promise.all([3, 4, 5, 6, 7, 12, 2 ** 70].map(caller.readCallerDescriptor)));`;
  assertEquals(JSON.parse(await inProcess(start, body)), [
    ...["closed", "writable", "unwritable", "writable", "writable", "writable", "closed"],
  ]);
});

Deno.test("readCallerFile() has a file's bytes, or the reason why it has not", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/-file`;
  await Deno.writeTextFile(path, "A=1\n");
  assertEquals(await readCallerFile(path, 4), new TextEncoder().encode("A=1\n"));
  await assertRejects(() => readCallerFile(path, 3), Error, "it has more than 3 bytes");
  await assertRejects(() => readCallerFile(`${folder.path}/none`, 9), Error, "No such file or directory");
  await assertRejects(() => readCallerFile(folder.path, 9), Error, "Is a directory");
});
