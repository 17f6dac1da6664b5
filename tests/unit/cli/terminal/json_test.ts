// @ts-types="../../../support/assert.d.ts"
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { renderJson as renderCaches } from "../../../../lib/cli/cache.ts";
import { renderJson as renderConfiguration } from "../../../../lib/cli/config/show.ts";
import { renderJson as renderFindings } from "../../../../lib/cli/doctor/render.ts";
import { renderJson as renderGarbage } from "../../../../lib/cli/gc/render.ts";
import { renderSpec } from "../../../../lib/cli/image/inspect.ts";
import { renderJson as renderImages } from "../../../../lib/cli/image/ls.ts";
import { encodeEvent } from "../../../../lib/cli/run/events_file.ts";
import { toJson } from "../../../../lib/cli/terminal/json.ts";
import { specOf } from "../../../support/images.ts";

Deno.test("toJson() names each text for itself, so that it is JSON whatever the name is", () => {
  const nameOf = (text: string) => text.replaceAll("/window", () => '/a"b\\\n');
  const value = { path: "/window/x", paths: ["of /window, /window"], count: 1, none: null };
  const named = { path: '/a"b\\\n/x', paths: ['of /a"b\\\n, /a"b\\\n'], count: 1, none: null };
  assertEquals(JSON.parse(toJson(value, undefined, nameOf)), named);
});

Deno.test("toJson() lets nothing through that a terminal obeys, and changes no value", () => {
  const controls = Array.from({ length: 0x2100 }, (_, code) => String.fromCharCode(code)).join("");
  const value = { text: `${controls}\u2066x\u2069`, "\u009b31m": ["ä€😀"] };
  const json = toJson(value, 2);
  assertEquals(JSON.parse(json), value);
  assertEquals(json.match(/[^\P{Cc}\n]|[\p{Zl}\p{Zp}]|[\u202a-\u202e\u2066-\u2069]/u), null);
});

/** A text that clears a terminal's line and turns its colours on. */
const EVIL = "\u009b2K\u009b31m";
const CACHE = { tenant: EVIL, usedBytes: 1, capBytes: 2, savedAt: new Date(0), inUse: false };
const RENDERED: Record<string, string> = {
  "cache ls": renderCaches([{ name: "npm", ...CACHE }]),
  "config show": renderConfiguration([{ key: "memory", value: EVIL, from: "default" }]),
  "doctor": renderFindings([{ id: "kvm.node", status: "warn", what: EVIL, means: "" }], "0.1.0"),
  "gc": renderGarbage({ jobs: [], groups: [], files: [], freedBytes: 0, errors: [new Error(EVIL)] }),
  "image inspect": renderSpec(specOf("/k", `/${EVIL}`), "/run/w", "/state"),
  "image ls": renderImages([{ name: "x", builtAtMs: 0, usedBy: [], templates: { count: 0, bytes: 0 }, problem: EVIL }]),
  "run --events": new TextDecoder().decode(encodeEvent({ kind: "note", atMs: 0, text: EVIL }, (text) => text)),
};
for (const [command, json] of Object.entries(RENDERED)) {
  Deno.test(`berth ${command} prints JSON that no terminal obeys`, () => {
    assert(!json.includes("\u009b"), json);
    assertStringIncludes(json, "\\u009b2K\\u009b31m");
  });
}
