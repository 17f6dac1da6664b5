import { assertEquals } from "@std/assert";
import { berth, emptyFolder, leftovers, SCRATCH } from "../support/berth.ts";
import { makeFiles, makeLarge, SMALL, sumTree } from "../support/sized_tree.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

/** A job that gets a workspace and gives all of it back. Returns what was in there, and what came out. */
async function inAndOut(fill: (folder: string) => Promise<void>): Promise<[given: string, returned: string]> {
  const workspace = await emptyFolder("size-in");
  const out = await emptyFolder("size-out");
  try {
    await fill(workspace);
    const args = ["--quiet", "--memory", "1G", "--workspace", workspace, "--artifact", `/workspace=${out}`];
    const { code, stderr } = await berth(["run", ...args, "--", "true"]);
    assertEquals([code, stderr], [0, ""]);
    return [await sumTree(workspace), await sumTree(out)];
  } finally {
    for (const folder of [workspace, out]) await Deno.remove(folder, { recursive: true });
  }
}

Deno.test(`a workspace of ${SMALL.files} files goes in, and out again as an artifact`, async () => {
  const [given, returned] = await inAndOut((folder) => makeFiles(folder, SMALL.files));
  assertEquals(given.split("\n")[0], String(SMALL.files));
  assertEquals(returned, given);
  assertEquals(await leftovers(), []);
});

Deno.test(`a file of ${SMALL.mebibytes} MiB goes in, and out again as an artifact`, async () => {
  const [given, returned] = await inAndOut((folder) => makeLarge(folder, SMALL.mebibytes));
  assertEquals(returned, given);
  assertEquals(await leftovers(), []);
});
