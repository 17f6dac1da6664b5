// @ts-types="../../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import config from "../../../../deno.json" with { type: "json" };
import { permissionFlags, planCompile, stampVersion } from "../../../../scripts/compile/plan.ts";

Deno.test("stampVersion() names the commit, and whether the sources are it", () => {
  assertEquals(stampVersion("1.2.3", { hash: "0123456789ab", epoch: "1", isDirty: false }), "1.2.3+g0123456789ab");
  assertEquals(stampVersion("1.2.3", { hash: "0123456789ab", epoch: "1", isDirty: true }), "1.2.3+g0123456789ab.dirty");
  assertEquals(stampVersion("1.2.3", undefined), "1.2.3");
});

const SET = { read: ["/a", "/b"], net: ["unix:/a/x.sock", "unix:/a/y.sock"], run: ["sh"] };

Deno.test("permissionFlags() names every permission of the set", () => {
  assertEquals(permissionFlags(SET, "2.9.6"), [
    "--allow-read=/a,/b",
    "--allow-net=unix:/a/x.sock,unix:/a/y.sock",
    "--allow-run=sh",
  ]);
});

Deno.test("permissionFlags() never becomes a flag that allows everything, where Deno does not know sockets", () => {
  assertEquals(permissionFlags(SET, "2.6.8"), ["--allow-read=/a,/b", "--allow-run=sh"]);
  assertEquals(permissionFlags({ env: [] }, "2.9.6"), []);
  assertEquals(permissionFlags({ net: ["unix:/a/x.sock", "b:1"] }, "2.8.3"), ["--allow-net=b:1"]);
  assertEquals(permissionFlags({ net: ["unix:/a/x.sock"] }, "3.0.0"), ["--allow-net=unix:/a/x.sock"]);
});

Deno.test("berth's own set has no name that a flag would split", () => {
  for (const values of Object.values(config.permissions.berth)) assert(values.every((value) => !value.includes(",")));
});

Deno.test("planCompile() allows what it is told and nothing else, and asks nobody", () => {
  const args = planCompile(["--allow-read=/a"], "../x", "aarch64-unknown-linux-gnu");
  assertEquals(args.filter((arg) => arg.startsWith("--allow")), ["--allow-read=/a"]);
  assertEquals(args.includes("-A") || args.includes("--allow-all"), false);
  assert(args.includes("--no-prompt"));
  assertEquals(args.slice(args.indexOf("--target"))[1], "aarch64-unknown-linux-gnu");
  assertEquals(args.slice(-3), ["--output", "../x", "main.js"]);
});
