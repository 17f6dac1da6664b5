// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { createJobFolder } from "../../../lib/job/folder.ts";
import { readImageUsers } from "../../../lib/job/running.ts";
import { holdLock } from "../../support/lock_holder.ts";
import { temporaryFolder } from "../../support/temp.ts";

Deno.test("readImageUsers() finds the jobs that run, by image, from their folders' creation on", async () => {
  await using temporary = await temporaryFolder();
  const jobs = `${temporary.path}/jobs`;
  assertEquals([...await readImageUsers(jobs)], []);
  {
    await using _b = await createJobFolder(`${jobs}/b`, "ci");
    await using _a = await createJobFolder(`${jobs}/a`, "ci");
    await using _c = await createJobFolder(`${jobs}/c`, "tools");
    assertEquals([...await readImageUsers(jobs)], [["ci", ["a", "b"]], ["tools", ["c"]]]);
  }
  assertEquals([...await readImageUsers(jobs)], []);
});

Deno.test("readImageUsers() leaves out what is over, what has said nothing yet, and what it can't read", async () => {
  await using temporary = await temporaryFolder();
  const jobs = temporary.path;
  for (const [id, text] of [["dead", '{"image":"ci"}\n'], ["young", ""], ["other", "no JSON\n"], ["old", "{}\n"]]) {
    await Deno.writeTextFile(`${jobs}/${id}.owner`, text);
  }
  await using _young = await holdLock(`${jobs}/young.owner`, "exclusive");
  await using _other = await holdLock(`${jobs}/other.owner`, "exclusive");
  await using _old = await holdLock(`${jobs}/old.owner`, "exclusive");
  // Another one that looks at the same time is no owner.
  await using _reader = await holdLock(`${jobs}/dead.owner`, "shared");
  assertEquals([...await readImageUsers(jobs)], []);
});
