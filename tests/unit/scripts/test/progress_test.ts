import { assertEquals } from "@std/assert";
import { Progress } from "../../../../scripts/test/progress.ts";

const OUTPUT = `running 3 tests from ./tests/vm/a_test.ts
quick ... ok (344µs)
prints ...
------- output -------
a line ... of the test's
----- output end -----
  a step ... ok (1s)
prints ... ok (1m2s)
fails ... FAILED (745ms)

FAILED | 2 passed (1 step) | 1 failed | 1 ignored (1m3s)
`;

Deno.test("Progress knows the tests that have ended, and the counts", () => {
  const progress = new Progress();
  // In pieces, as pipes have them.
  for (const letter of OUTPUT) progress.add(letter);
  assertEquals(progress.counts, { passed: 2, failed: 1, ignored: 1 });
  assertEquals(progress.timed, [
    { name: "quick", seconds: 0 },
    { name: "prints", seconds: 62 },
    { name: "fails", seconds: 0.745 },
  ]);
  assertEquals(progress.current, undefined);
});

Deno.test("Progress knows how long tests took of which Deno has said that they run for long", () => {
  const progress = new Progress();
  progress.add(`slow ...'slow' has been running for over (1m0s)
'slow' has been running for over (2m0s)
 ok (2m3s)
steps ...
  one ...'steps' has been running for over (1m0s)
 ok (1m1s)
steps ... ok (1m9s)
quick ... ok (1ms)
`);
  assertEquals(progress.timed.map(({ name, seconds }) => [name, seconds]), [["slow", 123], ["steps", 69], [
    "quick",
    0.001,
  ]]);
});

Deno.test("Progress knows which test is on, in whatever it is cut", () => {
  const progress = new Progress();
  progress.add("running 2 tests from ./a_test.ts\nfirst ... ok (1s)\nsecond ...");
  assertEquals(progress.current, "second");
  progress.add("\n------- output -------\nso it says\n  a step ... ok (1s)\n");
  assertEquals(progress.current, "second");
  assertEquals(progress.counts, { passed: 0, failed: 0, ignored: 0 });
});

Deno.test("Progress takes the plain line for counts, too", () => {
  const progress = new Progress();
  progress.add("FAILED | 12 passed | 3 failed | 2 ignored (1s)\n12 passed, 3 failed");
  assertEquals(progress.counts, { passed: 12, failed: 3, ignored: 2 });
});
