// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { reportEvery } from "../../../lib/base/progress.ts";

const TIMES = { firstMs: 1, everyMs: 1 };

/** Collects lines until there are so many. */
function lines(count: number) {
  const told: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const tell = (line: string) => {
    told.push(line);
    if (told.length === count) resolve();
  };
  return { told, tell, enough: promise };
}

Deno.test("reportEvery() tells again and again how far it is", async () => {
  const { told, tell, enough } = lines(3);
  let count = 0;
  using _report = reportEvery(() => `${++count}`, tell, TIMES);
  await enough;
  assertEquals(told, ["1", "2", "3"]);
});

Deno.test("reportEvery() tells nothing of what can't be read, and looks again", async () => {
  const { told, tell, enough } = lines(1);
  const answers = [() => Promise.reject(new Error("gone")), () => undefined, () => {
    throw new Error("gone");
  }, () => Promise.resolve("there")];
  using _report = reportEvery(() => answers.shift()?.(), tell, TIMES);
  await enough;
  assertEquals(told, ["there"]);
});

Deno.test("reportEvery() tells nothing after its end, not even what it was reading", async () => {
  const reading = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string>();
  const told: string[] = [];
  const report = reportEvery(
    () => {
      reading.resolve();
      return answer.promise;
    },
    (line) => told.push(line),
    TIMES,
  );
  await reading.promise;
  report[Symbol.dispose]();
  answer.resolve("late");
  await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals(told, []);
});

Deno.test("reportEvery() tells nothing, and leaves no timer, when it ends before its time", () => {
  const told: string[] = [];
  reportEvery(() => "soon", (line) => told.push(line))[Symbol.dispose]();
  assertEquals(told, []);
});
