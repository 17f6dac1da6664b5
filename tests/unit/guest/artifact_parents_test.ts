// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { ArtifactParents } from "../../../lib/guest/artifact_parents.ts";
import { temporaryFolder } from "../../support/temp.ts";

/** Links can't be made with scoped permissions. */
async function link(target: string, path: string): Promise<void> {
  await new Deno.Command("sh", { args: ["-c", 'ln -s "$1" "$2"', "sh", target, path] }).output();
}

Deno.test("hasLink() sees a link at any depth above a member, but not the member itself", async () => {
  await using temporary = await temporaryFolder();
  const { path } = temporary;
  await Deno.mkdir(`${path}/a/b`, { recursive: true });
  await link("b", `${path}/a/l`);
  const parents = new ArtifactParents(["/nowhere", path]);
  const seen = ["a", "a/l", "a/b/x", "a/l/x", "a/l/x/y", "a/none/l/x", "none/a/l/x"].map((name) =>
    parents.hasLink(1, name)
  );
  assertEquals(seen, [false, false, false, true, true, false, false]);
  assertEquals(parents.hasLink(0, "a/l/x"), false, "another artifact's folder is another");
});

Deno.test("hasLink() looks again after forget(), at what was there and at what was not", async () => {
  await using temporary = await temporaryFolder();
  const { path } = temporary;
  await Deno.mkdir(`${path}/there`);
  const parents = new ArtifactParents([path]);
  const names = ["there/x", "late/x", "late/deep/x"];
  assertEquals(names.map((name) => parents.hasLink(0, name)), [false, false, false]);
  await Deno.remove(`${path}/there`);
  await link("..", `${path}/there`);
  await link("..", `${path}/late`);
  parents.forget();
  assertEquals(names.map((name) => parents.hasLink(0, name)), [true, true, true]);
});
