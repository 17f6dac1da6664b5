// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { createJobFolder } from "../../../lib/job/folder.ts";
import { temporaryFolder } from "../../support/temp.ts";

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).filter((name) => name !== ".lock")
    .sort();
}

Deno.test("createJobFolder() makes a folder that is gone, with all in it, when disposed", async () => {
  await using temporary = await temporaryFolder();
  const jobs = `${temporary.path}/jobs`;
  {
    await using _folder = await createJobFolder(`${jobs}/a`);
    await Deno.writeTextFile(`${jobs}/a/out`, "x");
    assertEquals(await names(jobs), ["a", "a.owner"]);
  }
  assertEquals(await names(jobs), []);
});

Deno.test("createJobFolder() removes what nobody owns any more, and leaves a live job's alone", async () => {
  await using temporary = await temporaryFolder();
  const jobs = `${temporary.path}/jobs`;
  await using _live = await createJobFolder(`${jobs}/live`);
  // What a killed berth leaves: a file without a lock, with its folder or before it.
  await Deno.mkdir(`${jobs}/dead`);
  await Deno.writeTextFile(`${jobs}/dead/out`, "x");
  for (const name of ["dead", "young"]) await Deno.writeTextFile(`${jobs}/${name}.owner`, "");
  await using _next = await createJobFolder(`${jobs}/next`);
  assertEquals(await names(jobs), ["live", "live.owner", "next", "next.owner"]);
});

Deno.test("createJobFolder() takes no folder that is there already, and leaves no lock", async () => {
  await using temporary = await temporaryFolder();
  const jobs = `${temporary.path}/jobs`;
  await using _first = await createJobFolder(`${jobs}/a`);
  await assertRejects(() => createJobFolder(`${jobs}/a`), Deno.errors.AlreadyExists);
  assertEquals(await names(jobs), ["a", "a.owner"]);
});
