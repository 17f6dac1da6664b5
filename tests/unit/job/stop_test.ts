// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { aborted, within } from "../../../lib/base/deadline.ts";
import { cutOff, STOP_NUMBERS, StopRequest } from "../../../lib/job/stop.ts";

function stateOf({ reason, requested, insisted }: StopRequest) {
  return [reason, requested.aborted, insisted.aborted];
}

Deno.test("StopRequest.stop() requests once, insists the second time, and keeps the first reason", () => {
  const stop = new StopRequest();
  assertEquals(stateOf(stop), [undefined, false, false]);
  stop.stop("SIGTERM");
  assertEquals(stateOf(stop), ["SIGTERM", true, false]);
  stop.stop("SIGINT");
  assertEquals(stateOf(stop), ["SIGTERM", true, true]);
  stop.stop("SIGTERM");
  assertEquals(stateOf(stop), ["SIGTERM", true, true]);
});

async function awaitRequest(stop: StopRequest): Promise<void> {
  using requested = aborted(stop.requested);
  await within(requested.promise, 5000, "the request");
}

Deno.test("StopRequest.stop() takes the signal that comes with a broken pipe for the only wish, and the reason", async () => {
  const stop = new StopRequest();
  stop.stop("SIGPIPE");
  assertEquals(stateOf(stop), [undefined, false, false]);
  stop.stop("SIGINT");
  assertEquals(stateOf(stop), ["SIGINT", true, false]);
  // The broken pipe's own time comes, and changes nothing.
  await new Promise((resolve) => setTimeout(resolve, 250));
  assertEquals(stateOf(stop), ["SIGINT", true, false]);
  stop.stop("SIGTERM");
  assertEquals(stateOf(stop), ["SIGINT", true, true]);
});

Deno.test("StopRequest.stop() takes a broken pipe that no signal comes with for a wish, once", async () => {
  const stop = new StopRequest();
  for (const _stream of ["stdout", "stderr"]) stop.stop("SIGPIPE");
  await awaitRequest(stop);
  assertEquals(stateOf(stop), ["SIGPIPE", true, false]);
  stop.stop("SIGPIPE");
  assertEquals(stateOf(stop), ["SIGPIPE", true, false]);
  stop.stop("SIGINT");
  assertEquals(stateOf(stop), ["SIGPIPE", true, true]);
});

Deno.test("StopRequest.stop() takes no broken pipe after a signal for a second wish", async () => {
  const stop = new StopRequest();
  stop.stop("SIGINT");
  stop.stop("SIGPIPE");
  await new Promise((resolve) => setTimeout(resolve, 250));
  assertEquals(stateOf(stop), ["SIGINT", true, false]);
});

Deno.test("StopRequest.stop() takes the same signal for a second wish only when it comes later", () => {
  let nowMs = 5000;
  const stop = new StopRequest(() => nowMs);
  for (const atMs of [5000, 5001, 5199]) {
    nowMs = atMs;
    stop.stop("SIGTERM");
    assertEquals(stateOf(stop), ["SIGTERM", true, false]);
  }
  nowMs = 5200;
  stop.stop("SIGTERM");
  assertEquals(stateOf(stop), ["SIGTERM", true, true]);
});

for (const signal of ["SIGTERM", "SIGPIPE"] as const) {
  Deno.test(`StopRequest knows its reason when its listeners are called: ${signal}`, async () => {
    const stop = new StopRequest();
    const reasons: unknown[] = [];
    stop.requested.addEventListener("abort", () => reasons.push(stop.reason));
    stop.stop(signal);
    await awaitRequest(stop);
    assertEquals(reasons, [signal]);
  });
}

Deno.test("STOP_NUMBERS are POSIX's", () => {
  assertEquals(STOP_NUMBERS, { SIGHUP: 1, SIGINT: 2, SIGTERM: 15, SIGPIPE: 13 });
});

const CUTS: [what: string, wish: (stop: StopRequest) => void, timeoutMs: number, reason: string][] = [
  ["a while after the wish", (stop) => stop.stop("SIGTERM"), 20, "it was cancelled, and 20 ms are over"],
  [
    "at once by a second wish",
    (stop) => (["SIGINT", "SIGHUP"] as const).forEach((one) => stop.stop(one)),
    60_000,
    "it was cancelled",
  ],
  ["at once where nobody listens", (stop) => stop.stop("SIGPIPE"), 60_000, "it was cancelled"],
];
for (const [what, wish, timeoutMs, reason] of CUTS) {
  Deno.test(`cutOff() comes ${what}`, async () => {
    const stop = new StopRequest();
    using cut = cutOff(stop, timeoutMs);
    using reached = aborted(cut.signal);
    assertEquals(cut.signal.aborted, false);
    wish(stop);
    await within(reached.promise, 5000, "the end");
    assertEquals(cut.signal.reason.message, reason);
  });
}
