// @ts-types="../../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { renderSpec } from "../../../../lib/cli/image/inspect.ts";
import type { ListedImage } from "../../../../lib/app/list_images.ts";
import { renderJson, renderTable } from "../../../../lib/cli/image/ls.ts";
import { parseImageSpec } from "../../../../lib/image/spec.ts";
import { originOf, specOf } from "../../../support/images.ts";

const NOW = Date.parse("2026-11-03T12:00:00.000Z");
const TOOLS: ListedImage = {
  name: "debian-tools",
  sizeBytes: 150 * 1024 ** 2,
  builtAtMs: Date.parse("2026-11-01T00:00:00.000Z"),
  usedAtMs: Date.parse("2026-11-02T00:00:00.000Z"),
  kernelRelease: "6.1.0-21-cloud-amd64",
  origin: originOf("hash"),
  usedBy: ["0123456789ab", "ba9876543210"],
  templates: { count: 2, bytes: 176 * 1024 ** 2 },
};
const BROKEN: ListedImage = {
  name: "x",
  builtAtMs: NOW - 90_000,
  usedBy: [],
  templates: { count: 0, bytes: 0 },
  problem: "its kernel is gone",
};

Deno.test("renderTable() has a line for each image below its header", () => {
  assertEquals(renderTable([TOOLS, BROKEN], NOW), [
    "NAME          SIZE     AGE    KERNEL                TEMPLATES   USED BY",
    "debian-tools  150 MiB  2 d    6.1.0-21-cloud-amd64  2, 176 MiB  0123456789ab,ba9876543210",
    "x             -        1 min  -                     -           -",
  ]);
});

Deno.test("renderTable() of no images is its header", () => {
  assertEquals(renderTable([], NOW), ["NAME  SIZE  AGE  KERNEL  TEMPLATES  USED BY"]);
});

Deno.test("renderJson() has the same fields for every image", () => {
  assertEquals(JSON.parse(renderJson([TOOLS, BROKEN])), [{
    name: "debian-tools",
    sizeBytes: 157_286_400,
    builtAt: "2026-11-01T00:00:00.000Z",
    lastUsedAt: "2026-11-02T00:00:00.000Z",
    kernelRelease: "6.1.0-21-cloud-amd64",
    from: "busybox",
    kernel: "host",
    templates: { count: 2, bytes: 184_549_376 },
    usedBy: ["0123456789ab", "ba9876543210"],
    problem: null,
  }, {
    name: "x",
    sizeBytes: null,
    builtAt: "2026-11-03T11:58:30.000Z",
    lastUsedAt: null,
    kernelRelease: null,
    from: null,
    kernel: null,
    templates: { count: 0, bytes: 0 },
    usedBy: [],
    problem: "its kernel is gone",
  }]);
  assertEquals(renderJson([]), "[]");
  const named = renderJson([{ ...BROKEN, problem: "/state/x is gone" }], (text) => text.replace("/state", 'a"b'));
  assertEquals(JSON.parse(named)[0].problem, 'a"b/x is gone');
});

Deno.test("renderSpec() writes a spec again, with the paths of the host", () => {
  const spec = { ...specOf("/run/w/images/.store/k", "/run/wider/i"), storeDisk: undefined, shell: "/bin/sh" };
  const text = renderSpec(spec, "/run/w", "/var/lib/berth");
  const wanted = { ...specOf("/var/lib/berth/images/.store/k", "/run/wider/i"), shell: "/bin/sh" };
  assertEquals(parseImageSpec(text, "spec.json"), wanted);
});
