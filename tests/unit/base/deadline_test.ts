// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { aborted, DeadlineError, settlesWithin, within } from "../../../lib/base/deadline.ts";

const never = new Promise<never>(() => {});

Deno.test("within() hands on a value and an error, and leaves no timer behind", async () => {
  assertEquals(await within(Promise.resolve(7), 60_000, "a value"), 7);
  await assertRejects(() => within(Promise.reject(new RangeError("x")), 60_000, "an error"), RangeError, "x");
});

Deno.test("within() says what it waited for in vain, and how long", async () => {
  const error = await assertRejects(() => within(never, 12, "the agent's hello"), DeadlineError);
  assertEquals(error.message, "waited 12 ms for the agent's hello");
  assertEquals([error.code, error.what, error.timeoutMs], ["wait.deadline", "the agent's hello", 12]);
});

Deno.test("within() does not let a promise that fails late go unhandled", async () => {
  const late = Promise.withResolvers<never>();
  await assertRejects(() => within(late.promise, 1, "it"), DeadlineError);
  late.reject(new Error("too late"));
});

Deno.test("settlesWithin() tells settled from late, and counts a rejection as settled", async () => {
  assertEquals(await settlesWithin(Promise.resolve(), 60_000), true);
  assertEquals(await settlesWithin(Promise.reject(new Error("x")), 60_000), true);
  assertEquals(await settlesWithin(never, 1), false);
});

Deno.test("settlesWithin() is not mistaken about a promise that itself ran into a deadline", async () => {
  const failed = Promise.reject(new DeadlineError("something else", 1));
  assertEquals(await settlesWithin(failed, 60_000), true);
});

Deno.test("aborted() resolves at the abort, and at once when that has been", async () => {
  const controller = new AbortController();
  using before = aborted(controller.signal);
  assertEquals(await settlesWithin(before.promise, 1), false);
  controller.abort(new Error("not to be thrown"));
  await before.promise;
  using after = aborted(controller.signal);
  await after.promise;
});

Deno.test("aborted() does not listen any more once disposed", async () => {
  const controller = new AbortController();
  const listening = aborted(controller.signal);
  listening[Symbol.dispose]();
  controller.abort();
  assertEquals(await settlesWithin(listening.promise, 1), false);
});
