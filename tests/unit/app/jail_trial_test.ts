// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { missingUsers, wouldBeOther } from "../../../lib/app/jail_trial.ts";

Deno.test("missingUsers() looks for the whole range in one part of a user namespace", () => {
  const host = "         0          0 4294967295\n";
  const container = "         0     100000      65536\n";
  const parts = "0 1000 1\n1 100000 65536\n";
  const range = { first: 1_900_000_000, last: 1_900_065_535 };
  assertEquals(missingUsers(host, range), undefined);
  for (const map of [container, parts, "0 1000 1\n", ""]) assert(missingUsers(map, range)?.includes("1900000000"), map);
  assertEquals(missingUsers(container, { first: 65_000, last: 65_535 }), undefined);
  assert(missingUsers(container, { first: 65_000, last: 65_536 }));
  assertEquals(missingUsers(parts, { first: 1, last: 65_536 }), undefined);
  assert(missingUsers(parts, { first: 0, last: 10 }));
});

Deno.test("wouldBeOther() makes users of their own of root's VMMs that are jailed, where there are such users", () => {
  const [host, user] = ["0 0 4294967295\n", "0 1000 1\n"];
  const uidRange = { first: 1_900_000_000, last: 1_900_065_535 };
  for (const jail of [undefined, "auto", "require"] as const) assert(wouldBeOther({ jail, uidRange }, host));
  assertEquals(wouldBeOther({ jail: "off", uidRange }, host), false);
  assertEquals(wouldBeOther({ uidRange }, user), false);
});
