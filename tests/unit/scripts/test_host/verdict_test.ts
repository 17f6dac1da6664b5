import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  judge,
  lastLines,
  parseSummary,
  type Traces,
  withoutShutdown,
  withResults,
} from "../../../../scripts/test_host/verdict.ts";

const clean: Traces = {
  status: "exit 0\r\n",
  output: "ok | 3 passed (2 steps) | 0 failed (4s)\n",
  console: "boot\n",
  waitedFor: undefined,
  qemuErrors: "",
};

Deno.test("parseSummary() takes the last summary line, whatever tests print before it", () => {
  const output = "ok | 99 passed | 0 failed (1s)\nFAILED | 1 passed (1 step) | 2 failed | 1 ignored (3s)\n";
  assertEquals(parseSummary(output), { passed: 1, failed: 2 });
  assertEquals(parseSummary("no summary\n"), undefined);
});

Deno.test("judge() passes a clean exit with a clean summary", () => {
  const { kind, passed, failed } = judge(clean);
  assertEquals({ kind, passed, failed }, { kind: "passed", passed: 3, failed: 0 });
});

const bad: [string, Partial<Traces>, string, string][] = [
  [
    "a failed suite",
    { status: "exit 1\n", output: "FAILED | 2 passed | 1 failed (1s)\n" },
    "failed",
    "status 1",
  ],
  ["a status 0 without a summary", { output: "" }, "failed", "no summary"],
  [
    "a status 0 beside counted failures",
    { output: "FAILED | 1 passed | 1 failed (1s)\n" },
    "failed",
    "counted",
  ],
  ["a run without a test", { output: "ok | 0 passed | 0 failed (1s)\n" }, "failed", "no test ran"],
  ["a missing status, though the output looks good", { status: "" }, "lost", "without reporting"],
  ["a cut status", { status: "exi" }, "lost", "without reporting"],
  ["QEMU's refusal to start", { status: "", qemuErrors: "qemu: no such machine" }, "lost", "no such machine"],
  ["the guest's own bound", { status: "exit 124\n" }, "timed-out", "status 124"],
  ["a killed VM", { status: "", waitedFor: "waited 9 s for the VM to boot" }, "hung", "waited 9 s for"],
  ["a VM that does not power off", { waitedFor: "waited 9 s" }, "hung", "had ended with status 0"],
  ["a panic after the tests", { console: "Kernel panic - not syncing: x\n" }, "panicked", "not syncing: x"],
];

for (const [name, traces, kind, words] of bad) {
  Deno.test(`judge() fails ${name}`, () => {
    const verdict = judge({ ...clean, ...traces });
    assertEquals(verdict.kind, kind);
    assertStringIncludes(verdict.message, words);
    assertEquals(verdict.failed, 1);
  });
}

Deno.test("withResults() lets nothing pass whose results are lost, and hides no other verdict", () => {
  assertEquals(withResults(judge(clean), undefined), judge(clean));
  assertEquals(withResults(judge(clean), "tar failed").kind, "failed");
  const failed = withResults(judge({ ...clean, status: "exit 1" }), "tar failed");
  assertEquals(failed.message, "deno test ended with status 1\ntar failed");
});

Deno.test("withoutShutdown() cuts the orderly end, and leaves a log without one alone", () => {
  assertEquals(withoutShutdown("a\n[ 1.0] systemd-shutdown[1]: Syncing\nb\n"), "a\n");
  assertEquals(withoutShutdown("a\nb\n"), "a\nb\n");
});

Deno.test("lastLines() counts lines, not the final newline", () => {
  assertEquals(lastLines("a\r\nb\r\nc\r\n", 2), "b\nc");
});
