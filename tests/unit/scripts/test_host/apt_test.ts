import { assertEquals, assertNotEquals } from "@std/assert";
import { parseOptions, parseSources } from "../../../../scripts/test_host/apt.ts";
import { hashRecipe } from "../../../../scripts/test_host/root_image.ts";

Deno.test("parseSources() keeps Debian's package indexes, once each, and nobody else's", () => {
  const targets = [
    "Debian|Packages|deb http://b.example/debian/ stable main",
    "Debian|Packages|deb http://a.example/debian/ stable main",
    "Debian|Packages|deb http://a.example/debian/ stable main",
    "Debian|Translations|deb http://a.example/debian/ stable main",
    "Vendor|Packages|deb http://vendor.example/ any main",
    "$(ORIGIN)|Packages|deb http://never.updated.example/ any main",
  ];
  assertEquals(parseSources(targets.join("\n")), [
    "deb http://a.example/debian/ stable main",
    "deb http://b.example/debian/ stable main",
  ]);
});

Deno.test("parseOptions() keeps how to reach archives, and drops hooks and empty values", () => {
  const dump = [
    'Acquire::http::Proxy "http://proxy.example:3142";',
    'Acquire::Check-Valid-Until "false";',
    'Acquire::http "";',
    'Acquire::Languages "none";',
    'DPkg::Post-Invoke:: "rm -rf /";',
  ];
  assertEquals(parseOptions(dump.join("\n")), dump.slice(0, 2));
});

Deno.test("hashRecipe() changes with every part of a recipe, and not with the order of its files", async () => {
  const apt = { sources: ["deb a"], options: [] };
  const files = new Map([["a", "1"], ["b", "2"]]);
  const hash = await hashRecipe(files, apt);
  assertEquals(await hashRecipe(new Map([["b", "2"], ["a", "1"]]), apt), hash);
  assertNotEquals(await hashRecipe(new Map([["a", "1"], ["b", "3"]]), apt), hash);
  assertNotEquals(await hashRecipe(files, { ...apt, sources: ["deb b"] }), hash);
  assertNotEquals(await hashRecipe(files, { ...apt, options: ["x"] }), hash);
});
