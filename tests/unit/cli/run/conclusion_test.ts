// @ts-types="../../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { planConclusion } from "../../../../lib/cli/run/conclusion.ts";
import { planJob } from "../../../../lib/job/plan.ts";
import type { JobResult } from "../../../../lib/job/summary.ts";
import type { VerdictName } from "../../../../lib/job/verdict.ts";
import { LEAST_INPUTS, LEAST_REQUEST } from "../../../support/job_plan.ts";

const PLAN = planJob(LEAST_REQUEST, LEAST_INPUTS);

/** What is said of a job that ended like that, line by line. */
function said(verdict: VerdictName, result: Partial<JobResult> = {}, logLimitBytes?: number): string[] {
  const whole: JobResult = {
    verdict: { verdict, status: 1, reason: "why", hint: "what to do" },
    ...{ started: true, attempts: 1, limits: {}, timings: {}, evidence: [], output: [], logs: [], troubles: [] },
    ...result,
  };
  return planConclusion({ ...PLAN, logLimitBytes }, whole)
    .map(({ text, hint }) => text + (hint ? ` (${hint})` : "")).join("\n").split("\n");
}

const LOGS: JobResult["logs"] = [{ name: "vmm.log", text: "qemu: boo\n" }, { name: "serial.log", text: "a\r\nb\n\n" }];
const CRASH = ["the end of serial.log:", "  a", "  b", "the end of vmm.log:", "  qemu: boo"];

const OTHERS: VerdictName[] = ["boot-failed", "vmm-crashed", "guest-lost", "oom-host", "infra"];
for (const verdict of OTHERS) {
  Deno.test(`planConclusion() shows the logs of a VM when the verdict is ${verdict}, in name order`, () => {
    assertEquals(said(verdict, { logs: LOGS }), [...CRASH, `${verdict}: why (what to do)`]);
  });
}

const OWN: VerdictName[] = ["succeeded", "failed", "timed-out", "cancelled", "oom-guest"];
for (const verdict of OWN) {
  Deno.test(`planConclusion() shows no log when the verdict is ${verdict}`, () => {
    const plain = verdict === "succeeded" || verdict === "failed";
    assertEquals(said(verdict, { logs: LOGS }), [plain ? "" : `${verdict}: why (what to do)`]);
  });
}

Deno.test("planConclusion() leaves out a log that says nothing", () => {
  const logs: JobResult["logs"] = [{ name: "serial.log", text: "\r\n \n" }, { name: "vmm.log", text: "boo" }];
  assertEquals(said("guest-lost", { logs }), ["the end of vmm.log:", "  boo", "guest-lost: why (what to do)"]);
  assertEquals(said("infra", { logs: [] }), ["infra: why (what to do)"]);
});

Deno.test("planConclusion() lets no control character of a log through", () => {
  const logs: JobResult["logs"] = [{ name: "serial.log", text: "\x1b[2Jgone\rberth: succeeded\x9b1m\x00" }];
  assertEquals(said("guest-lost", { logs })[1], "  \\x1b[2Jgone\\x0dberth: succeeded\\x9b1m\\x00");
});

Deno.test("planConclusion() says which stream was cut, and how much is missing", () => {
  const output = [{ bytes: 1024, missingBytes: 12.25 * 1024 ** 2 }, { bytes: 1024, missingBytes: 0 }];
  assertEquals(said("succeeded", { output }, 1024), [
    "stdout: cut after 1 KiB (--log-limit); 12.3 MiB more are missing",
  ]);
  assertEquals(said("failed", { output: output.toReversed() }, 1024), [
    "stderr: cut after 1 KiB (--log-limit); 12.3 MiB more are missing",
  ]);
});

Deno.test("planConclusion() says when not all that is missing was counted", () => {
  const output = [{ bytes: 1024, missingBytes: 2048, atLeast: true as const }];
  assertEquals(said("succeeded", { output }, 1024), [
    "stdout: cut after 1 KiB (--log-limit); at least 2 KiB more are missing",
  ]);
});

Deno.test("planConclusion() says what nobody has taken of a job that was cancelled", () => {
  const output = [{ bytes: 7, missingBytes: 2048 }, { bytes: 0, missingBytes: 0 }];
  for (const limit of [undefined, 1024]) {
    assertEquals(said("cancelled", { output }, limit), [
      "stdout: the last 2 KiB were not delivered: nobody took them in time",
      "cancelled: why (what to do)",
    ]);
  }
});

Deno.test("planConclusion() says why a stream could not be written", () => {
  const output = [{ bytes: 7, missingBytes: 3, error: "ENOSPC: No space left on device" }, {
    bytes: 0,
    missingBytes: 0,
  }];
  const verdict = { verdict: "infra", status: 125, code: "job.output", reason: "lost" } as const;
  assertEquals(said("infra", { verdict, output, logs: LOGS }), [
    "stdout: the last 3 B were not delivered: ENOSPC: No space left on device",
    "infra: lost",
  ]);
});

Deno.test("planConclusion() says that nobody reads a stream any more", () => {
  const output = [{ bytes: 7, missingBytes: 3, error: "EPIPE: Broken pipe", gone: true as const }, {
    ...{ bytes: 0, missingBytes: 0 },
  }];
  assertEquals(said("cancelled", { output }), [
    "stdout: the last 3 B were not delivered: nobody reads it any more",
    "cancelled: why (what to do)",
  ]);
});

Deno.test("planConclusion() says why a job failed that did not end by itself", () => {
  const verdict = { verdict: "failed", status: 153, code: "job.disk", reason: "too much", hint: "less" } as const;
  assertEquals(said("failed", { verdict, logs: LOGS }), ["failed: too much (less)"]);
});

Deno.test("planConclusion() says what of a stream's file was never written", () => {
  const output = [{ bytes: 4096, missingBytes: 2 ** 40, hollow: true as const }];
  assertEquals(said("succeeded", { output }), [
    "stdout: the last 1024 GiB of its file were never written, and are left out",
  ]);
});

Deno.test("planConclusion() has the troubles beside the verdict, which is the last word", () => {
  assertEquals(said("timed-out", { troubles: ["one", "two"] }), ["one", "two", "timed-out: why (what to do)"]);
});

Deno.test("planConclusion() says why a command was refused, which is no end of a job that ran", () => {
  const verdict = { verdict: "failed", status: 127, exitCode: 127, reason: "make: there is no such command" } as const;
  assertEquals(said("failed", { verdict }), ["failed: make: there is no such command"]);
});
