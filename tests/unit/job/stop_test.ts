// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { STOP_NUMBERS, StopRequest } from "../../../lib/job/stop.ts";

function stateOf({ reason, requested, insisted }: StopRequest) {
  return [reason, requested.aborted, insisted.aborted];
}

Deno.test("StopRequest.stop() requests once, insists the second time, and keeps the first reason", () => {
  const stop = new StopRequest();
  assertEquals(stateOf(stop), [undefined, false, false]);
  stop.stop("SIGPIPE");
  assertEquals(stateOf(stop), ["SIGPIPE", true, false]);
  stop.stop("SIGINT");
  assertEquals(stateOf(stop), ["SIGPIPE", true, true]);
  stop.stop("SIGTERM");
  assertEquals(stateOf(stop), ["SIGPIPE", true, true]);
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

Deno.test("StopRequest knows its reason when its listeners are called", () => {
  const stop = new StopRequest();
  const reasons: unknown[] = [];
  stop.requested.addEventListener("abort", () => reasons.push(stop.reason));
  stop.stop("SIGTERM");
  assertEquals(reasons, ["SIGTERM"]);
});

Deno.test("STOP_NUMBERS are POSIX's", () => {
  assertEquals(STOP_NUMBERS, { SIGINT: 2, SIGTERM: 15, SIGPIPE: 13 });
});
