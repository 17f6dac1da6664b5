import { assertEquals } from "@std/assert";
import { MAKE_FILES, MAKE_LARGE, SMALL, SUM_TREE } from "../../scripts/bench/trees.ts";
import { berth, emptyFolder, leftovers, SCRATCH, shell } from "../support/berth.ts";

await Deno.mkdir(SCRATCH, { recursive: true });

/** A job that gets a workspace and gives all of it back. Returns what was in there, and what came out. */
async function inAndOut(script: string, count: number): Promise<[given: string, returned: string]> {
  const workspace = await emptyFolder("size-in");
  const out = await emptyFolder("size-out");
  try {
    await shell(script, workspace, String(count));
    const args = ["--quiet", "--memory", "1G", "--workspace", workspace, "--artifact", `/workspace=${out}`];
    const { code, stderr } = await berth(["run", ...args, "--", "true"]);
    assertEquals([code, stderr], [0, ""]);
    return [await shell(SUM_TREE, workspace), await shell(SUM_TREE, out)];
  } finally {
    for (const folder of [workspace, out]) await Deno.remove(folder, { recursive: true });
  }
}

Deno.test(`a workspace of ${SMALL.files} files goes in, and out again as an artifact`, async () => {
  const [given, returned] = await inAndOut(MAKE_FILES, SMALL.files);
  assertEquals(given.split("\n")[0], String(SMALL.files));
  assertEquals(returned, given);
  assertEquals(await leftovers(), []);
});

Deno.test(`a file of ${SMALL.mebibytes} MiB goes in, and out again as an artifact`, async () => {
  const [given, returned] = await inAndOut(MAKE_LARGE, SMALL.mebibytes);
  assertEquals(returned, given);
  assertEquals(await leftovers(), []);
});
