// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { linksLeadingOut } from "../../support/tree.ts";

Deno.test("linksLeadingOut() finds links that lead out, directly and over others", () => {
  const tree = {
    "a": "folder 755",
    "a/b": "folder 755",
    "a/b/top": "link to ../..",
    "in": "link to a/b/top/a",
    "loop": "link to loop",
    "absolute": "link to /",
    "up": "link to ..",
    "over": "link to a/b/top/../x",
    "a/too-far": "link to ../../x",
  };
  assertEquals(linksLeadingOut(tree), ["absolute", "up", "over", "a/too-far"]);
});
