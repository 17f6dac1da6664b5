// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertThrows } from "@std/assert";
import { BerthError, type ErrorCode, ERRORS } from "../../../lib/base/errors.ts";
import { mainHelp } from "../../../lib/cli/line/help.ts";
import { helpOf, TREE } from "../../support/command_line/commands.ts";
import { gcWindows } from "../../../lib/cli/gc/gc.ts";
import { parseGcArgs } from "../../../lib/cli/gc/args.ts";
import type { Garbage } from "../../../lib/app/gc.ts";
import { describeRemoved, listLeft, renderJson } from "../../../lib/cli/gc/render.ts";

Deno.test("parseGcArgs() looks below berth's own group, or below one that is named", () => {
  assertEquals(parseGcArgs([]), { parent: { kind: "self" }, json: false });
  assertEquals(parseGcArgs(["--cgroup-parent", "/sys/fs/cgroup/ci/", "--json"]), {
    parent: { kind: "path", path: "/sys/fs/cgroup/ci" },
    json: true,
  });
});

const REFUSED: [argv: string[], code: ErrorCode][] = [
  [["0123456789ab"], "usage.subcommand"],
  [["--all"], "usage.flag"],
  [["--json=yes"], "usage.value"],
  [["--cgroup-parent"], "usage.value"],
  [["--cgroup-parent", "ci"], "cgroup.form"],
  [["--cgroup-parent", "/sys/fs/cgroup/../etc"], "cgroup.form"],
  [["--cgroup-parent", "system.slice:berth:a"], "cgroup.form"],
];
for (const [argv, code] of REFUSED) {
  Deno.test(`parseGcArgs() refuses ${argv.join(" ")}`, () => {
    assertEquals(assertThrows(() => parseGcArgs(argv), BerthError).code, code);
  });
}

Deno.test("gcWindows() are the group, systemd's slice unless a group was named, and what is known of groups that are gone", () => {
  const group = (source: string) => ({ mode: "cgroup", target: "/run/berth/self/cgroup", source });
  const gone = { mode: "gone", target: "/run/berth/self/host", source: "/state/jobs" };
  const slice = { mode: "spare_slice", target: "/run/berth/self/slice", source: "berth.slice" };
  assertEquals<unknown>(gcWindows(parseGcArgs([]), "/state"), [group("self"), slice, gone]);
  const named = parseGcArgs(["--cgroup-parent=/sys/fs/cgroup/ci"]);
  assertEquals<unknown>(gcWindows(named, "/state"), [group("/sys/fs/cgroup/ci"), gone]);
});

const EMPTY: Garbage = { jobs: [], groups: [], files: [], freedBytes: 0, errors: [] };
const FOUND: Garbage = {
  jobs: [
    { id: "a", cgroup: "/cg/vm-a" },
    { id: "b" },
    { id: "c", error: new BerthError("cgroup.left", "the cgroup /other/vm-c is out of reach") },
  ],
  groups: ["/cg/berth-probe-1-d"],
  files: ["/state/host.json.1"],
  freedBytes: 3 * 1024 ** 2,
  errors: [new Error("the store is on fire")],
};

Deno.test("describeRemoved() has a line for each thing that went, and none for what did not", () => {
  assertEquals(describeRemoved(EMPTY), []);
  assertEquals(describeRemoved(FOUND), [
    "removed job a and its group /cg/vm-a",
    "removed job b",
    "removed group /cg/berth-probe-1-d",
    "removed /state/host.json.1",
    "freed 3 MiB in the image store",
  ]);
  assertEquals(describeRemoved({ ...EMPTY, freedBytes: undefined }), [
    "an image is being built: the image store is left alone for now",
  ]);
});

Deno.test("listLeft() says what is left, why, and what to do", () => {
  assertEquals(listLeft(EMPTY), []);
  assertEquals(listLeft(FOUND), [
    { what: "job c is left: the cgroup /other/vm-c is out of reach", hint: ERRORS["cgroup.left"] },
    { what: "the store is on fire", hint: undefined },
  ]);
});

Deno.test("renderJson() says the same, and null for what is not known", () => {
  assertEquals(JSON.parse(renderJson(FOUND)), {
    jobs: [{ id: "a", cgroup: "/cg/vm-a" }, { id: "b", cgroup: null }],
    groups: FOUND.groups,
    files: FOUND.files,
    freedBytes: 3 * 1024 ** 2,
    left: [
      { what: "job c is left: the cgroup /other/vm-c is out of reach", hint: ERRORS["cgroup.left"] },
      { what: "the store is on fire", hint: null },
    ],
  });
  assertEquals(JSON.parse(renderJson({ ...EMPTY, freedBytes: undefined })).freedBytes, null);
});

Deno.test("renderJson() is JSON whatever the path is that the user knows", () => {
  const path = '/srv/"a\\b\n';
  const found = { ...EMPTY, files: ["/state/host.json.1"], errors: [new Error("/state/x is in use")] };
  const { files, left } = JSON.parse(renderJson(found, (text) => text.replace("/state", path)));
  assertEquals([files, left], [[`${path}/host.json.1`], [{ what: `${path}/x is in use`, hint: null }]]);
});

Deno.test("berth gc --help keeps to a terminal of 120 columns, and berth --help has the command", async () => {
  for (const line of (await helpOf("gc")).split("\n")) assert(line.length <= 120, line);
  assert(mainHelp(TREE.commands).includes("berth gc"));
});
