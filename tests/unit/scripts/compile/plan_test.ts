// @ts-types="../../../support/assert.d.ts"
import { assert, assertEquals, assertThrows } from "@std/assert";
import config from "../../../../deno.json" with { type: "json" };
import {
  packageEntry,
  permissionFlags,
  planCompile,
  stampVersion,
  vendorImports,
} from "../../../../scripts/compile/plan.ts";

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

Deno.test("vendorImports() makes imports of packages imports of their files", () => {
  const imports = {
    "@std/path": "npm:deno-std@1.4.0/path/mod.js",
    "@std/assert": "npm:deno-std@1.4.0/assert/mod.js",
    zod: "npm:zod@4.6.7",
    scoped: "npm:@a/b@1.0.0/c.js",
    local: "./x.ts",
  };
  assertEquals(vendorImports(imports, (name) => `entry-of-${name}.js`), {
    imports: {
      "@std/path": "./vendor/deno-std/path/mod.js",
      "@std/assert": "./vendor/deno-std/assert/mod.js",
      zod: "./vendor/zod/entry-of-zod.js",
      scoped: "./vendor/@a/b/c.js",
      local: "./x.ts",
    },
    packages: [
      { name: "deno-std", folder: "vendor/deno-std" },
      { name: "zod", folder: "vendor/zod" },
      { name: "@a/b", folder: "vendor/@a/b" },
    ],
  });
});

Deno.test("packageEntry() finds the module that a package's own name stands for", () => {
  const entry = (fields: object) => packageEntry(JSON.stringify(fields));
  assertEquals(entry({ exports: { ".": { types: "./a.d.ts", import: "./a.js", require: "./a.cjs" } } }), "a.js");
  assertEquals(entry({ exports: { ".": "./b.js" } }), "b.js");
  assertEquals(entry({ exports: "./c.js" }), "c.js");
  assertEquals(entry({ exports: { import: "./d.js" } }), "d.js");
  assertEquals(entry({ module: "e.mjs", main: "e.cjs" }), "e.mjs");
  assertThrows(() => entry({ exports: { ".": { import: { node: "./f.js" } } } }), Error, "not plain");
});

Deno.test("planCompile() allows what it is told and nothing else, and asks nobody", () => {
  const args = planCompile(["--allow-read=/a"], "../x", "aarch64-unknown-linux-gnu");
  assertEquals(args.filter((arg) => arg.startsWith("--allow")), ["--allow-read=/a"]);
  assertEquals(args.includes("-A") || args.includes("--allow-all"), false);
  assert(args.includes("--no-prompt"));
  assertEquals(args.slice(args.indexOf("--target"))[1], "aarch64-unknown-linux-gnu");
  assertEquals(args.slice(-3), ["--output", "../x", "main.ts"]);
});
