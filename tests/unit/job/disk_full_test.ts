// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../lib/base/errors.ts";
import { blameDisk, blameOutput } from "../../../lib/job/disk_full.ts";
import { EventLog } from "../../../lib/job/events.ts";
import type { Delivery } from "../../../lib/job/output/source.ts";
import type { End } from "../../../lib/job/verdict.ts";
import { exitOf } from "../../support/vmm/idle_vm.ts";

const SUCCESS: End = { kind: "exited", code: 0, oomKills: 0 };
const FAILURE: End = { kind: "exited", code: 3, oomKills: 0 };
const GONE: End = { kind: "vm-ended", exit: exitOf({ code: 137, words: "" }) };
const ARTIFACT: End = { kind: "infra", reason: "no artifact" };

type Case = readonly [code: ErrorCode | undefined, end: End, phase: "run" | "wind-down", is: End["kind"]];

const CASES: readonly Case[] = [
  [undefined, GONE, "run", "vm-ended"],
  ["job.disk", GONE, "run", "over-disk"],
  ["job.disk", SUCCESS, "run", "over-disk"],
  ["job.disk", ARTIFACT, "wind-down", "over-disk"],
  ["job.disk", FAILURE, "wind-down", "exited"],
  ["host.disk-full", GONE, "run", "infra"],
  ["host.disk-full", FAILURE, "run", "infra"],
  ["host.disk-full", { kind: "cancelled", by: "SIGTERM", isOver: false }, "run", "cancelled"],
];
for (const [code, end, phase, is] of CASES) {
  Deno.test(`blameDisk() makes ${is} of ${end.kind} in the ${phase} where the disk says ${code ?? "nothing"}`, async () => {
    const signal = code ? AbortSignal.abort(new BerthError(code, "too much")) : new AbortController().signal;
    const log = new EventLog();
    const watch = { signal, look: () => Promise.resolve(), [Symbol.dispose]: () => {} };
    const blamed = await blameDisk(watch, end, log.tell, phase);
    assertEquals([blamed.kind, log.list().length], [is, blamed === end ? 0 : 1]);
  });
}

const WHOLE: Delivery = { bytes: 7, missingBytes: 0 };
const LOST: Delivery = { bytes: 7, missingBytes: 3, error: "ENOSPC: No space left on device" };

Deno.test("blameOutput() makes no success of a job whose output was not delivered, and names stream and reason", () => {
  const end = blameOutput(SUCCESS, [WHOLE, LOST]);
  assertEquals(end, {
    kind: "infra",
    reason: "the job exited with status 0, and its output was not delivered whole " +
      "(stderr: ENOSPC: No space left on device)",
    code: "job.output",
    hint: "the job has run: its own end is in the report; run it again only if that does no harm",
    exitCode: 0,
  });
});

const SOUND: [what: string, end: End, output: Delivery[], limitBytes?: number][] = [
  ["a success that is whole", SUCCESS, [WHOLE, WHOLE]],
  ["a failure", FAILURE, [LOST, WHOLE]],
  ["a job that printed nothing, nor ran", ARTIFACT, []],
  ["output that was cut at its limit", SUCCESS, [{ bytes: 7, missingBytes: 9 }, WHOLE], 7],
  ["output that nobody reads any more", SUCCESS, [{ ...LOST, error: "EPIPE: Broken pipe", gone: true }, WHOLE]],
  ["output that was never written", SUCCESS, [{ bytes: 7, missingBytes: 9, hollow: true }, WHOLE]],
];
for (const [what, end, output, limitBytes] of SOUND) {
  Deno.test(`blameOutput() leaves the end alone of ${what}`, () =>
    assertEquals(blameOutput(end, output, limitBytes), end));
}
