import { assertEquals, assertRejects } from "@std/assert";
import { DeadlineError } from "../../../../lib/base/deadline.ts";
import { Bound } from "../../../../scripts/test_host/wait.ts";

const checks = { sanitizeOps: true, sanitizeResources: true };
const never = new Promise<never>(() => {});

Deno.test("Bound.wait() hands on what it waited for, and leaves no timer", checks, async () => {
  const bound = new Bound(60_000, new AbortController().signal);
  assertEquals(await bound.wait("a value", Promise.resolve(7)), 7);
  await assertRejects(() => bound.wait("an error", Promise.reject(new RangeError("x"))), RangeError, "x");
});

Deno.test("Bound.wait() names what it waited for in vain", checks, async () => {
  const bound = new Bound(60_000, new AbortController().signal);
  await assertRejects(() => bound.wait("godot", never, 10), DeadlineError, "waited 10 ms for godot");
});

Deno.test("Bound.wait() ends with the whole bound, and says so", checks, async () => {
  const bound = new Bound(10, new AbortController().signal);
  await assertRejects(() => bound.wait("godot", never, 60_000), DeadlineError, "for godot; all of it had 10 ms");
});

Deno.test("Bound.wait() rejects with the reason of an abort, also of an earlier one", checks, async () => {
  const controller = new AbortController();
  const bound = new Bound(60_000, controller.signal);
  const waiting = assertRejects(() => bound.wait("godot", never), RangeError, "enough");
  controller.abort(new RangeError("enough"));
  await waiting;
  await assertRejects(() => bound.wait("godot", never), RangeError, "enough");
});
