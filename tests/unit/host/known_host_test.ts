// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { type Belief, believed, doubtful, withKernel } from "../../../lib/host/known_host.ts";

const MINUTE = 60_000;
const WORKS: Belief = { works: true, detail: "it works" };

Deno.test("doubtful() has a failure believed for a minute, and ten times as long each time that it is seen again", () => {
  const first = doubtful(undefined, "no", 1000);
  assertEquals(first, { works: false, detail: "no", failures: 1, untilMs: 1000 + MINUTE });
  const second = doubtful(first, "again", 5000);
  assertEquals(second, { works: false, detail: "again", failures: 2, untilMs: 5000 + 10 * MINUTE });
  assertEquals(doubtful(second, "again", 0).untilMs, 100 * MINUTE);
});

Deno.test("doubtful() begins anew with what has worked meanwhile", () => {
  assertEquals(doubtful(WORKS, "no", 0), { works: false, detail: "no", failures: 1, untilMs: MINUTE });
});

Deno.test("believed() forgets a doubtful failure when its time is up, and nothing else", () => {
  const failure = doubtful(undefined, "no", 0);
  assertEquals([believed(failure, MINUTE - 1), believed(failure, MINUTE)], [failure, undefined]);
  assertEquals(believed(WORKS, Number.MAX_SAFE_INTEGER), WORKS);
  assertEquals(believed(undefined), undefined);
});

Deno.test("withKernel() keeps one belief a kernel, the latest, and not more kernels than anybody boots", () => {
  const failure = doubtful(undefined, "no", 0);
  assertEquals(withKernel({ a: failure, b: WORKS }, "a", WORKS), { b: WORKS, a: WORKS });
  let kernels: Readonly<Record<string, Belief>> = {};
  for (let number = 0; number < 100; number++) kernels = withKernel(kernels, `kernel ${number}`, WORKS);
  assertEquals([Object.keys(kernels).length, "kernel 99" in kernels, "kernel 0" in kernels], [64, true, false]);
});
