/**
 * Runs the test suites one after the other, all of them whatever one of them says, and ends with the plain line
 * `N passed, N failed`.
 *
 *     deno task test              the gate, and the core: what proves an installation
 *     deno task test:all          every test
 *     deno task test:all K/N      the K-th of N parts of what the core leaves out
 *
 * It is told so by one argument: `core`, none, or `K/N`.
 *
 * A run that is cut says which test was on, and leaves nothing behind.
 *
 * @module
 */

import { CORE } from "../../tests/core.ts";
import { runSuite, type SuiteEnd } from "./suite.ts";
import { planSuites, type Suite } from "./suites.ts";

/** Of each suite, so many of the slowest tests are named at the end. */
const SLOWEST = 5;

const stop = new AbortController();
const STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
let cutStatus: number | undefined;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.addSignalListener(signal, () => {
    cutStatus ??= STATUS[signal];
    stop.abort(`it got ${signal}`);
  });
}

let passed = 0;
let failed = 0;
const table: string[] = [];
for (const suite of planSuites(Deno.args, CORE)) {
  console.log(`== deno task ${[suite.task, ...suite.args].join(" ")}`);
  if (suite.needsRoot && Deno.uid() !== 0) {
    console.log(`left out: deno task ${suite.task} needs root`);
    // As with single tests: see tests/support/require.ts.
    if (Deno.env.get("BERTH_TEST_REQUIRE") === "1") failed++;
    continue;
  }
  const startedMs = performance.now();
  const command = [Deno.execPath(), "task", suite.task, ...suite.args];
  const end = await runSuite({ ...suite, command }, Deno.uid() === 0, stop.signal, (chunk) => Deno.stdout.write(chunk));
  const tally = judge(suite, end);
  passed += tally.passed;
  failed += tally.failed;
  table.push(summaryOf(suite, end, (performance.now() - startedMs) / 1000));
  if (stop.signal.aborted) break;
}
console.log(`\n${table.join("\n")}\n\n${passed} passed, ${failed} failed`);
Deno.exit(cutStatus ?? (failed === 0 ? 0 : 1));

/** What a suite adds to the count. One that broke before or after its tests has failed, whatever it counted. */
function judge(suite: Suite, { code, progress, cut }: SuiteEnd): { passed: number; failed: number } {
  const { passed, failed, ignored } = progress.counts;
  const problem = problemOf(suite, passed + failed + ignored, code, cut);
  if (problem) console.log(`deno task ${suite.task}: ${problem}`);
  if (cut && progress.current) console.log(`deno task ${suite.task}: the test that was on: ${progress.current}`);
  return { passed, failed: Math.max(failed, problem ? 1 : 0) };
}

function problemOf({ tests }: Suite, ran: number, code: number, cut: string | undefined): string | undefined {
  if (cut) return `it was ended: ${cut}`;
  if (tests !== undefined && ran !== tests) {
    return `tests/core.ts names ${tests} tests of it, and ${ran} were there: a name there is no test's, or two tests'`;
  }
  if (ran === 0) return "no test ran";
  return code === 0 ? undefined : `it ended with status ${code}`;
}

/** Where a suite's time went. */
function summaryOf({ task }: Suite, { progress }: SuiteEnd, seconds: number): string {
  const slowest = progress.timed.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
  const lines = slowest.map((one) => `    ${one.seconds.toFixed(0).padStart(4)} s  ${one.name}`);
  return [`${task}: ${seconds.toFixed(0)} s`, ...lines].join("\n");
}
