/**
 * Lives of jobs in this process that have an input.
 *
 * @module
 */

// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertStringIncludes } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { checkLife, live, type Lived, openDoor, type Scene } from "../../support/life.ts";
import { readInput } from "../../support/vmm/fake_input.ts";

const INPUT = "one line\nanother one\n";

Deno.test("runJob() hands its input to a job that reads it", async () => {
  await using door = await openDoor();
  const lived = await live({ play: { reads: true }, spec: { stdin: true }, input: INPUT }, door);
  assertEquals([lived.result.verdict.verdict, lived.stdout], ["succeeded", INPUT]);
  checkLife(lived, "an input that is read");
});

Deno.test("runJob() hands the input of a job that is over to nobody who comes with its token", async () => {
  await using door = await openDoor();
  const lived = await live({ play: { ends: "exited code 0 0" }, spec: { stdin: true }, input: INPUT }, door);
  assertEquals(lived.result.verdict.verdict, "succeeded");
  assertEquals(await readInput(door.socket, lived.plan.token), "");
});

/** A job that reads its input to the end, which does not come. */
async function liveWithBroken(breaksInput: (scene: Scene) => unknown): Promise<Lived> {
  await using door = await openDoor();
  const lived = await live({ play: { reads: true }, spec: { stdin: true }, input: "half", breaksInput }, door);
  checkLife(lived, "an input that breaks off");
  return lived;
}

Deno.test("runJob() ends a job whose input breaks off: it would wait for ever", async () => {
  const { result: { verdict, started } } = await liveWithBroken(() => new BerthError("job.input", "the disk is gone"));
  assertEquals([verdict.verdict, verdict.status, verdict.code, started], ["infra", 123, "job.input", true]);
  assertStringIncludes(verdict.reason, "the disk is gone");
});

Deno.test("runJob() takes a signal for the reason of an input that breaks off with it", async () => {
  for (const isBefore of [true, false]) {
    const { result: { verdict } } = await liveWithBroken(({ stop }) => {
      if (isBefore) stop.stop("SIGHUP");
      else setTimeout(() => stop.stop("SIGHUP"), 20);
      return new BerthError("job.input", "Input/output error");
    });
    assertEquals([verdict.verdict, verdict.status], ["cancelled", 129], `before: ${isBefore}`);
  }
});
