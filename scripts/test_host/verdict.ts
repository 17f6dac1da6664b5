/**
 * What a boot came to, from what is left of it. Pure.
 *
 * @module
 */

/** What is known once the VM is gone. */
export interface Traces {
  /** All of ttyS2. */
  readonly status: string;
  /** All of ttyS1, or at least its end. */
  readonly output: string;
  /** ttyS0. */
  readonly console: string;
  /** What was being waited for in vain, if the VM had to be killed. */
  readonly waitedFor: string | undefined;
  /** QEMU's own words. */
  readonly qemuErrors: string;
}

/** `passed` is the only good one; each other kind says in `message` what happened. */
export interface Verdict {
  readonly kind: "passed" | "failed" | "panicked" | "hung" | "timed-out" | "lost";
  readonly message: string;
  readonly passed: number;
  readonly failed: number;
}

/** Status of `timeout` in the guest, when the tests outlast their bound. */
const GUEST_TIMEOUT_STATUS = [124, 137];

/** The last summary line of `deno test`, without colours: `FAILED | 2 passed (1 step) | 1 failed (3s)`. */
export function parseSummary(output: string): { passed: number; failed: number } | undefined {
  const summary = /^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed\b/gm;
  const last = [...output.matchAll(summary)].at(-1);
  return last && { passed: Number(last[1]), failed: Number(last[2]) };
}

/** The last lines of a log, for a report. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split(/\r?\n/).slice(-count).join("\n");
}

/** A console log up to the machine's orderly end, which would push what matters out of sight. */
export function withoutShutdown(console: string): string {
  const shutdown = console.search(/^.*systemd-shutdown\[1\]:/m);
  return shutdown === -1 ? console : console.slice(0, shutdown);
}

/** A verdict in the light of how the handing over of the results went: without them nothing has passed. */
export function withResults(verdict: Verdict, failure: string | undefined): Verdict {
  if (failure === undefined) return verdict;
  if (verdict.kind !== "passed") return { ...verdict, message: `${verdict.message}\n${failure}` };
  return { ...verdict, kind: "failed", message: failure, failed: 1 };
}

/** Judges a boot. Anything but a clean exit with a summary without failures is at least one failure. */
export function judge(traces: Traces): Verdict {
  const counts = parseSummary(traces.output);
  const { kind, message } = explain(traces, counts);
  if (kind === "passed") return { kind, message, ...counts! };
  return { kind, message, passed: counts?.passed ?? 0, failed: Math.max(1, counts?.failed ?? 0) };
}

function explain(
  traces: Traces,
  counts: { passed: number; failed: number } | undefined,
): Pick<Verdict, "kind" | "message"> {
  const panic = /Kernel panic - not syncing.*/.exec(traces.console)?.[0].trimEnd();
  if (panic !== undefined) return { kind: "panicked", message: `the guest's kernel died: ${panic}` };
  const exit = /^exit (\d+)\r?$/m.exec(traces.status)?.[1];
  if (traces.waitedFor !== undefined) {
    const after = exit === undefined ? "" : `, though the tests had ended with status ${exit}`;
    return { kind: "hung", message: traces.waitedFor + after };
  }
  if (exit === undefined) return { kind: "lost", message: explainLoss(traces) };
  const status = Number(exit);
  if (GUEST_TIMEOUT_STATUS.includes(status)) {
    return { kind: "timed-out", message: `deno test did not end in its time (status ${status})` };
  }
  if (status !== 0) return { kind: "failed", message: `deno test ended with status ${status}` };
  if (counts === undefined) return { kind: "failed", message: "deno test gave no summary" };
  if (counts.failed > 0) return { kind: "failed", message: "deno test counted failures" };
  if (counts.passed === 0) return { kind: "failed", message: "no test ran: does the filter fit?" };
  return { kind: "passed", message: "all tests passed" };
}

function explainLoss(traces: Traces): string {
  const errors = traces.qemuErrors.trim();
  return "the VM ended without reporting the status of its tests" + (errors && `\n${errors}`);
}
