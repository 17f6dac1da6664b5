// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { type DriverChoice, type Parent, parseParent } from "../../../lib/cgroup/parent.ts";

const UNIT = { kind: "unit", slice: "system.slice", prefix: "berth", name: "job1" } as const;

const RIGHT: [text: string, drivers: DriverChoice[], parent: Parent][] = [
  ["self", ["auto", "cgroupfs", "systemd"], { kind: "self" }],
  ["/sys/fs/cgroup/ci", ["auto", "cgroupfs"], { kind: "path", path: "/sys/fs/cgroup/ci" }],
  ["//sys/./fs/cgroup//ci//", ["auto", "cgroupfs"], { kind: "path", path: "/sys/fs/cgroup/ci" }],
  ["/", ["auto", "cgroupfs"], { kind: "path", path: "/" }],
  ["/sys/fs/cgroup/a:b:c", ["cgroupfs"], { kind: "path", path: "/sys/fs/cgroup/a:b:c" }],
  ["/sys/fs/cgroup/a..b", ["cgroupfs"], { kind: "path", path: "/sys/fs/cgroup/a..b" }],
  ["system.slice:berth:job1", ["auto", "systemd"], UNIT],
  ["-.slice:berth:job1", ["auto", "systemd"], { ...UNIT, slice: "-.slice" }],
  ["ci-nightly-x.slice:berth:job1", ["systemd"], { ...UNIT, slice: "ci-nightly-x.slice" }],
  ["ci\\x2dnightly.slice:a_.b:-1-", ["systemd"], {
    ...UNIT,
    slice: "ci\\x2dnightly.slice",
    prefix: "a_.b",
    name: "-1-",
  }],
];
for (const [text, drivers, parent] of RIGHT) {
  Deno.test(`parseParent() reads ${text} for ${drivers.join(", ")}`, () => {
    for (const driver of drivers) assertEquals(parseParent(text, driver), parent);
  });
}

const CGROUPFS_FORM = "with --cgroup-driver cgroupfs give self, or an absolute path like /sys/fs/cgroup/ci";
const SYSTEMD_FORM = "with --cgroup-driver systemd give self, or SLICE:PREFIX:NAME like system.slice:berth:job1";
const ANY_FORM =
  "give self, an absolute path like /sys/fs/cgroup/ci, or SLICE:PREFIX:NAME like system.slice:berth:job1";

const WRONG: [text: string, driver: DriverChoice, words: string][] = [
  ["/sys/fs/cgroup/ci", "systemd", `"/sys/fs/cgroup/ci" is a path, which is for cgroupfs; ${SYSTEMD_FORM}`],
  ["system.slice:berth:job1", "cgroupfs", `is of the form that is for systemd; ${CGROUPFS_FORM}`],
  ["", "auto", `"" is empty; ${ANY_FORM}`],
  ["ci", "auto", `"ci" is a relative path; ${ANY_FORM}`],
  ["ci/x", "cgroupfs", `"ci/x" is a relative path; ${CGROUPFS_FORM}`],
  ["./self", "systemd", `is a relative path; ${SYSTEMD_FORM}`],
  ["Self", "auto", "is a relative path"],
  [" self", "auto", "is a relative path"],
  ["/sys/fs/cgroup/../../etc", "auto", "has .. in it"],
  ["/sys/fs/cgroup/ci/..", "cgroupfs", "has .. in it"],
  ["/sys/fs/cgroup/a\nb", "auto", '"/sys/fs/cgroup/a\\nb" has a newline or a NUL in it'],
  ["/sys/fs/cgroup/a\0", "auto", "has a newline or a NUL in it"],
  ["system.slice:berth:job1\n", "auto", "has a newline or a NUL in it"],
  ["system.slice:berth", "auto", "has 2 parts with colons between, not three"],
  ["a.slice:b:c:d", "systemd", "has 4 parts with colons between, not three"],
];
for (const [text, driver, words] of WRONG) {
  Deno.test(`parseParent() refuses ${JSON.stringify(text)} for ${driver}, and shows the right form`, () => {
    const error = assertThrows(() => parseParent(text, driver), BerthError, words);
    assertEquals(error.code, "cgroup.form");
    assert(error.message.startsWith("--cgroup-parent: "));
  });
}

const NO_SLICES = [
  ...["", "system", "system.service", ".slice", "-a.slice", "a-.slice", "a--b.slice", "--.slice", "a b.slice"],
  ...["a/b.slice", "a@b.slice", "é.slice", "a.slice.d", `${"x".repeat(250)}.slice`],
];
for (const slice of NO_SLICES) {
  Deno.test(`parseParent() refuses ${slice.slice(0, 20)} for a slice`, () => {
    assertThrows(() => parseParent(`${slice}:berth:job1`, "auto"), BerthError, "has no slice's name");
  });
}

for (const words of [":job1", "berth:", "-berth:job1", "a b:c", "a/b:c", "a:b/c", "a@b:c", "a:é", "a:b c"]) {
  Deno.test(`parseParent() refuses the prefix and name ${words}`, () => {
    assertThrows(() => parseParent(`system.slice:${words}`, "auto"), BerthError, "a prefix or a name that a unit");
  });
}

Deno.test("parseParent() takes names of slices and scopes of 255 bytes, and none of 256", () => {
  const slice = `${"x".repeat(255 - ".slice".length)}.slice`;
  const name = "x".repeat(255 - "berth-.scope".length);
  assertEquals(parseParent(`${slice}:berth:${name}`, "systemd"), { kind: "unit", slice, prefix: "berth", name });
  assertThrows(() => parseParent(`x${slice}:berth:job1`, "systemd"), BerthError, "has no slice's name");
  assertThrows(() => parseParent(`${slice}:berth:${name}x`, "systemd"), BerthError, "more than 255 bytes");
});
