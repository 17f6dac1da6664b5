// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertThrows } from "@std/assert";
import { BerthError, type ErrorCode, ERRORS } from "../../../lib/base/errors.ts";
import { gcHelp, mainHelp } from "../../../lib/cli/line/help.ts";
import { gcWindows } from "../../../lib/cli/gc/gc.ts";
import { parseGcArgs } from "../../../lib/cli/gc/args.ts";
import type { Garbage } from "../../../lib/app/gc.ts";
import { describeRemoved, listLeft, toJson } from "../../../lib/cli/gc/render.ts";

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

Deno.test("toJson() says the same, and null for what is not known", () => {
  assertEquals(toJson(FOUND), {
    jobs: [{ id: "a", cgroup: "/cg/vm-a" }, { id: "b", cgroup: null }],
    groups: FOUND.groups,
    files: FOUND.files,
    freedBytes: 3 * 1024 ** 2,
    left: [
      { what: "job c is left: the cgroup /other/vm-c is out of reach", hint: ERRORS["cgroup.left"] },
      { what: "the store is on fire", hint: null },
    ],
  });
  assertEquals((toJson({ ...EMPTY, freedBytes: undefined }) as Record<string, unknown>).freedBytes, null);
});

Deno.test("gcHelp() keeps to a terminal of 120 columns, and berth --help has the command", () => {
  for (const line of gcHelp().split("\n")) assert(line.length <= 120, line);
  assert(mainHelp().includes("berth gc"));
});
