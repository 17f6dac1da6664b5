// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { SETTINGS } from "../../../lib/cli/config/settings.ts";
import { type Permission, PERMISSIONS } from "../../../lib/host/permissions.ts";
import type { ToolOptions } from "../../../lib/process/tool.ts";
import { AGENT_SOCKET, QMP_SOCKET, ROOT, SAVE_SOCKET } from "../../../lib/host/windows.ts";

const LIST: readonly Permission[] = PERMISSIONS;
const LIB = new URL("../../../lib", import.meta.url).pathname;

const namesOf = (kind: Permission["kind"]) => LIST.filter((one) => one.kind === kind).flatMap(({ names }) => names);

/** Lines of the program that match, as in `cli/run.ts:…`; the list itself is none of it. */
function linesWith(pattern: string): string[] {
  const args = ["-c", 'cd "$1" && grep -rnE --include=*.ts --exclude=permissions.ts -e "$2" .', "sh", LIB, pattern];
  const { stdout } = new Deno.Command("sh", { args }).outputSync();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line).map((line) => line.slice(2));
}

/** Names that match a group of the pattern, each once. */
function wordsIn(pattern: RegExp): string[] {
  const words = linesWith(pattern.source).flatMap((line) => [...line.matchAll(new RegExp(pattern, "g"))]);
  return [...new Set(words.map((match) => match[1]))].sort();
}

Deno.test("berth asks for no file of the host but its windows and its configuration", () => {
  assertEquals([namesOf("read"), namesOf("write")], [[ROOT.replace("/self", ""), "/etc/berth/config.json"], [
    "/run/berth",
  ]]);
  assertEquals(namesOf("net"), [QMP_SOCKET, AGENT_SOCKET, SAVE_SOCKET].map((path) => `unix:${path}`));
});

Deno.test("each program in the list is started somewhere, and only what the types know is started", () => {
  // That one names packages.
  const uses = (name: string) =>
    linesWith(`"${name.split("/").pop()}"`).filter((line) => !line.startsWith("host/programs.ts"));
  for (const name of namesOf("run")) assert(uses(name).length > 0, `nothing starts ${name}`);
  const starts = linesWith("Deno\\.Command\\(|node:child_process").map((line) => line.split(":")[0]);
  assertEquals([...new Set(starts)].sort(), [
    "files/try_lock.ts",
    "host/caller.ts",
    "host/front.ts",
    "process/child.ts",
  ]);
  // Those of other programs are for scripts of the project.
  const named = linesWith("\\b(startChild|tryTool|tryToolWithin)<").filter((line) => !/<P( |>)/.test(line));
  assertEquals(named, []);
});

Deno.test("what is not in the list can't be started by the types of tools either", () => {
  // @ts-expect-error: berth may not run that one
  const wrong: ToolOptions = { command: "qemu-system-x86_64", args: [] };
  assert(!namesOf("run").includes(wrong.command));
});

Deno.test("each variable in the list is read, and no other one", () => {
  const configured = SETTINGS.map(({ variable }) => variable);
  assertEquals(namesOf("env").filter((name) => name.startsWith("BERTH_")).sort(), configured.toSorted());
  const others = namesOf("env").filter((name) => !name.startsWith("BERTH_"));
  for (const name of others) assert(linesWith(`"${name}"`).length > 0, `nothing reads ${name}`);
  for (const name of wordsIn(/Deno\.env\.get\("(\w+)"/)) assert(others.includes(name), `${name} is not in the list`);
  const readers = linesWith("Deno\\.env\\b").map((line) => line.split(":")[0]);
  assertEquals([...new Set(readers)].sort(), ["cli/config/surroundings.ts", "cli/image/import.ts"]);
});

Deno.test("what is asked of the system is in the list, and the other way round", () => {
  const asked = [
    ...wordsIn(/Deno\.(hostname|loadavg|networkInterfaces|osRelease|osUptime|systemMemoryInfo|uid|gid)\(/),
    ...wordsIn(/\b(statfs)\(/),
  ];
  assertEquals(namesOf("sys").toSorted(), asked.sort());
  assertEquals(linesWith('"node:(os|process)"'), []);
});
