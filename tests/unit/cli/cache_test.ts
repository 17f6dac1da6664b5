// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { CACHE, parseCacheRm, renderCaches } from "../../../lib/cli/cache.ts";
import { parseCommand } from "../../support/command_line/commands.ts";

Deno.test("parseCacheRm() takes names, and a tenant for all of them", () => {
  assertEquals(parseCacheRm(["a", "b"]), [{ name: "a", tenant: undefined }, { name: "b", tenant: undefined }]);
  assertEquals(parseCacheRm(["a", "--tenant", "acme"]), [{ name: "a", tenant: "acme" }]);
  assertEquals(parseCacheRm(["--tenant=acme", "a", "b"]), [{ name: "a", tenant: "acme" }, {
    name: "b",
    tenant: "acme",
  }]);
});

const WRONG: [string[], string][] = [
  [["rm"], "berth cache rm takes one name or more"],
  [["rm", "a", "--tennant", "x"], 'did you mean "--tenant"?'],
  [["ls", "x"], 'takes no name; leave out "x"'],
  [["prune"], '"prune" is not a command of it'],
];
for (const [argv, words] of WRONG) {
  Deno.test(`berth cache ${argv.join(" ")} is refused`, () => {
    assertThrows(() => parseCommand(CACHE, argv), BerthError, words);
  });
}

Deno.test("berth cache ls --json asks for JSON", () => {
  const asked = parseCommand(CACHE, ["ls", "--json"]);
  assert("args" in asked);
  assertEquals(asked.args, { json: true });
});

Deno.test("renderCaches() is a table", () => {
  const cache = { usedBytes: 5 * 1024 ** 2, capBytes: 8 * 1024 ** 3, savedAt: new Date(0) };
  const caches = [{ ...cache, name: "npm", inUse: true }, { ...cache, name: "a", tenant: "acme", inUse: false }];
  assertEquals(renderCaches(caches, 3 * 3_600_000), [
    "NAME  TENANT  SIZE   CAP    AGE  IN USE",
    "npm   -       5 MiB  8 GiB  3 h  yes",
    "a     acme    5 MiB  8 GiB  3 h  no",
  ]);
  assertEquals(renderCaches([], 0), ["NAME  TENANT  SIZE  CAP  AGE  IN USE"]);
});
