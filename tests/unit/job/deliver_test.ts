// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { settlesWithin } from "../../../lib/base/deadline.ts";
import { BerthError, type ErrorCode } from "../../../lib/base/errors.ts";
import { deliverOutput } from "../../../lib/job/output/deliver.ts";
import { OutputFollower } from "../../../lib/job/output/follower.ts";
import { broken, outputTest, pattern } from "../../support/output_scene.ts";

/** Longer than a reader gets at the floor of the disk. */
const LATE_MS = 2300;

/** Whether a reader who takes his time is given up when there is no room any more for that reason. */
async function isGivenUp(code: ErrorCode, folder: string, file: Deno.FsFile): Promise<boolean> {
  const taken = Promise.withResolvers<void>();
  await using follower = new OutputFollower(folder, [[file, () => taken.promise]], broken);
  const watch = {
    signal: AbortSignal.abort(new BerthError(code, "too much")),
    look: () => Promise.resolve(),
    [Symbol.dispose]: () => {},
  };
  const delivered = deliverOutput(follower, new AbortController().signal, watch);
  const isOver = await settlesWithin(delivered, LATE_MS);
  taken.resolve();
  await delivered;
  return isOver;
}

outputTest("deliverOutput() gives a slow reader up only where others wait for the disk", async (scene) => {
  await scene.append("out", pattern(10));
  const codes = ["host.disk-full", "job.disk"] as const;
  const given = codes.map(async (code) => await isGivenUp(code, scene.folder, await scene.open("out")));
  assertEquals(await Promise.all(given), [true, false]);
});
