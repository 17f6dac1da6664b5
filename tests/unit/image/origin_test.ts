// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import {
  describeIngredients,
  isBuiltSince,
  type Origin,
  parseOrigin,
  planOrigin,
  writeOrigin,
} from "../../../lib/image/origin.ts";
import { originOf, specOf } from "../../support/images.ts";

const SPEC = specOf("../.store/k", "../.store/i");

Deno.test("parseOrigin() takes none that is wrong in hundreds of thousands of places", () => {
  const text = JSON.stringify({ ...originOf("hash"), modules: Array(200_000).fill(1) });
  assertEquals(parseOrigin(text, SPEC), undefined);
});

Deno.test("parseOrigin() reads what writeOrigin() wrote beside the same spec", () => {
  const text = writeOrigin(originOf("hash"), SPEC);
  assertEquals(parseOrigin(text, SPEC), originOf("hash"));
  assertEquals(parseOrigin(text, { ...SPEC, memoryMiB: 128 }), originOf("hash"), "the user may change the spec");
});

Deno.test("parseOrigin() knows no origin of other files", () => {
  const text = writeOrigin(originOf("hash"), SPEC);
  for (const other of [{ kernel: "../.store/l" }, { initrd: "../.store/j" }, { storeDisk: "../.store/s" }]) {
    assertEquals(parseOrigin(text, { ...SPEC, ...other }), undefined);
  }
});

Deno.test("parseOrigin() takes one without files for the spec's, and one without an agent", () => {
  const { agent: _none, ...origin } = originOf("hash");
  assertEquals(parseOrigin(JSON.stringify(origin), SPEC), origin);
});

for (const text of ["", "{", "[]", "{}", '{"from":"x","builtAt":"yesterday","kernel":"host"}']) {
  Deno.test(`parseOrigin() knows no origin in ${text}`, () => assertEquals(parseOrigin(text, SPEC), undefined));
}

Deno.test("describeIngredients() has the same words for the same ingredients", () => {
  assertEquals(describeIngredients({}), "busybox");
  const debian = { suite: "bookworm", packages: ["make", "gcc"] };
  assertEquals(describeIngredients({ debian }), "debian bookworm: make,gcc");
  assertEquals(describeIngredients({ debian: { ...debian, packages: [] } }), "debian bookworm");
});

Deno.test("planOrigin() is of now unless the image is older, and says which kernel was asked for", () => {
  const making = { from: "busybox", isHosts: true, agent: "hash" };
  const before = Date.now();
  const now = planOrigin(making);
  assertEquals([Date.parse(now.builtAt) >= before, now.kernel, now.wish], [true, "host", undefined]);
  assertEquals(planOrigin({ ...making, isHosts: false, wish: "auto" }).kernel, "debian");
  const old = planOrigin({ ...making, wish: "file", builtAt: BUILT.builtAt });
  assertEquals([old.builtAt, old.kernel, old.wish], [BUILT.builtAt, "file", "file"]);
});

const BUILT: Origin = originOf("hash");
const AT = Date.parse(BUILT.builtAt);
const SAME: [string, boolean, Parameters<typeof isBuiltSince>][] = [
  ["built since, of the same", true, [BUILT, "busybox", "hash", AT]],
  ["built before", false, [BUILT, "busybox", "hash", AT + 1]],
  ["of something else", false, [BUILT, "debian bookworm", "hash", AT]],
  ["with another agent", false, [BUILT, "busybox", "other", AT]],
  ["with a kernel of the user's, whichever that was", false, [{ ...BUILT, kernel: "file" }, "busybox", "hash", AT]],
  ["of an unknown origin", false, [undefined, "busybox", "hash", AT]],
];
for (const [what, wanted, args] of SAME) {
  Deno.test(`isBuiltSince() is ${wanted} for an image ${what}`, () => assertEquals(isBuiltSince(...args), wanted));
}
