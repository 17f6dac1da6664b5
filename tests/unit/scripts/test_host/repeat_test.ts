// @ts-types="../../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { runOrRepeat } from "../../../../scripts/test_host/repeat.ts";
import type { RunResult } from "../../../../scripts/test_host/run.ts";

const resultOf = (kind: RunResult["verdict"]["kind"], console = ""): RunResult => ({
  verdict: { kind, message: kind, passed: kind === "passed" ? 3 : 0, failed: kind === "passed" ? 0 : 1 },
  console,
});

const TRACE =
  "CPU: 0 PID: 1794 Comm: qemu-system-x86 Not tainted 6.1.0-57-cloud-amd64 #1\nKernel panic - not syncing: x";
const BROKEN = resultOf("panicked", TRACE);
const OF_INIT = resultOf("panicked", "CPU: 0 PID: 1 Comm: systemd Not tainted\nKernel panic - not syncing: x");

const CASES: [what: string, results: RunResult[], broken: number][] = [
  ["a good run is the only one", [resultOf("passed")], 0],
  ["failed tests are no reason to run again", [resultOf("failed", TRACE)], 0],
  ["a panic of anything but QEMU is what it is", [OF_INIT], 0],
  ["a run that emulated KVM broke is told, and repeated", [BROKEN, resultOf("passed")], 1],
  ["tests that fail then have failed", [BROKEN, resultOf("failed")], 1],
  ["a run that is broken twice is bad", [BROKEN, BROKEN], 1],
];
for (const [what, results, count] of CASES) {
  Deno.test(`the test host: ${what}`, async () => {
    const [left, broken]: RunResult[][] = [[...results], []];
    const result = await runOrRepeat(() => Promise.resolve(left.shift()!), (one) => void broken.push(one));
    assertEquals([result, left, broken], [results.at(-1)!, [], Array(count).fill(BROKEN)]);
  });
}
