// @ts-types="../../../support/assert.d.ts"
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import config from "../../../../deno.json" with { type: "json" };
import topic from "../../../../lib/docs/permissions.md" with { type: "text" };
import { SETTINGS } from "../../../../lib/cli/config/settings.ts";
import { type Permission, PERMISSIONS } from "../../../../lib/host/permissions.ts";
import { fillMarkers } from "../../../../scripts/generate/markers.ts";
import { fillPermissions, variablesModule } from "../../../../scripts/generate/permissions.ts";
import { makeTable } from "../../../../scripts/generate/tables.ts";
import { TREE } from "../../../support/command_line/commands.ts";

Deno.test("fillMarkers() makes what stands between markers, and nothing else", () => {
  const text = "a\n\n<!-- made: x -->\n\nold\n\n<!-- end -->\n\nb\n<!-- made: y z -->\n<!-- end -->\nc\n";
  const made = "a\n\n<!-- made: x -->\n\n[x]\n\n<!-- end -->\n\nb\n<!-- made: y z -->\n\n[y z]\n\n<!-- end -->\nc\n";
  const make = (what: string) => `[${what}]\n`;
  assertEquals(fillMarkers(text, make), made);
  assertEquals(fillMarkers(made, make), made);
  assertEquals(fillMarkers("nothing\n", make), "nothing\n");
});

Deno.test("fillMarkers() refuses a part without an end", () => {
  assertThrows(() => fillMarkers("<!-- made: x -->\n", () => ""), Error, "made: x --> has no");
});

Deno.test("makeTable() has a line for each flag, with its value and what it does", () => {
  assertEquals(makeTable("flags serve", TREE).split("\n"), [
    "| flag           | what it does                                          |",
    "| -------------- | ----------------------------------------------------- |",
    "| `--every TIME` | how often to look, as in 90s, 10m or 2h (default 10m) |",
  ]);
});

Deno.test("makeTable() tells the commands of a group apart", () => {
  const lines = makeTable("flags image", TREE).split("\n");
  assertEquals(new Set(lines.map((line) => line.length)).size, 1);
  const cells = lines.map((line) => line.replaceAll("\\|", "/").split("|").map((cell) => cell.trim()));
  assertEquals(cells[0], ["", "command", "flag", "what it does", ""]);
  const find = (command: string, flag: string) => cells.some(([, one, other]) => one === command && other === flag);
  assert(find("`image build`", "`--kernel host/debian/PATH`"));
  assert(find("`image import`", "`--kernel host/debian/PATH`"));
  assert(!find("`image ls`", "`--help`"));
});

for (const what of ["flags nosuch", "flags image nosuch", "nosuch", ""]) {
  Deno.test(`makeTable() refuses "${what}"`, () => {
    assertThrows(() => makeTable(what, TREE), Error);
  });
}

Deno.test("makeTable() has every command, key and permission", () => {
  for (const { name, summary } of TREE.commands) {
    assert(new RegExp(`^    berth ${name} .*   ${summary}$`, "m").test(makeTable("commands", TREE)), name);
  }
  for (const { key, variable } of SETTINGS) {
    assert(new RegExp(`^\\| \`${key}\` +\\| \`${variable}\` +\\|`, "m").test(makeTable("keys", TREE)), key);
  }
  const rows = makeTable("permissions", TREE).split("\n").slice(2);
  assertEquals(rows.length, PERMISSIONS.length);
  for (const { why } of PERMISSIONS) assert(rows.some((row) => row.includes(` ${why} `)), why);
  assertStringIncludes(topic, rows.join("\n"));
});

const SET =
  '{\n  "permissions": {\n    "berth": {\n      "read": ["/old"]\n    },\n    "test": {\n      "read": ["/x"]\n    }\n  }\n}';

Deno.test("fillPermissions() makes the set of berth, and leaves the others alone", () => {
  const many = Array.from({ length: 12 }, (_, index) => `VARIABLE_${index}`);
  const list: Permission[] = [
    { kind: "read", names: ["/a"], why: "a" },
    { kind: "env", names: many, why: "b" },
    { kind: "read", names: ["/b"], why: "c" },
  ];
  const text = fillPermissions(SET, list);
  assertEquals(JSON.parse(text).permissions, { berth: { read: ["/a", "/b"], env: many }, test: { read: ["/x"] } });
  assertStringIncludes(text, '\n      "read": ["/a", "/b"],\n      "env": [\n        "VARIABLE_0",\n');
  assertEquals(fillPermissions(text, list), text);
  assertThrows(() => fillPermissions("{}", list), Error, "no permission set");
});

Deno.test("deno.json allows what the reviewed list has, and nothing else", () => {
  const kinds = [...new Set(PERMISSIONS.map(({ kind }) => kind))];
  const list: readonly Permission[] = PERMISSIONS;
  const namesOf = (kind: string) => list.filter((one) => one.kind === kind).flatMap(({ names }) => names);
  assertEquals<unknown>(config.permissions.berth, Object.fromEntries(kinds.map((kind) => [kind, namesOf(kind)])));
});

Deno.test("variablesModule() names a variable for each flag that can be configured", () => {
  const names = [...variablesModule().matchAll(/^ {2}"(\w+)",$/gm)].map(([, name]) => name);
  assertEquals(names, SETTINGS.filter(({ flag }) => flag).map(({ variable }) => variable));
});
