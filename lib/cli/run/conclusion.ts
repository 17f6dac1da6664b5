/**
 * What is said of a job that is over, where its exit status alone does not say it. Pure.
 *
 * @module
 */

import { formatBytes } from "../../base/units.ts";
import { printable } from "../../base/bytes_text.ts";
import type { LogTail } from "../../machine/files.ts";
import type { Delivery } from "../../job/output/source.ts";
import type { JobPlan } from "../../job/plan.ts";
import type { JobResult } from "../../job/summary.ts";
import type { VerdictName } from "../../job/verdict.ts";

/** Something to say, and what the reader can do about it. */
export interface Remark {
  readonly text: string;
  readonly hint?: string;
}

/**
 * The ends that the job itself, or whoever asked for it, is to answer for. All others are the VM's, its host's or
 * berth's, and the VM's logs may tell why.
 */
const OWN: readonly VerdictName[] = ["succeeded", "failed", "timed-out", "cancelled", "oom-guest"];

/** The remarks, in order: the verdict is the last. */
export function planConclusion(plan: JobPlan, { verdict, output, logs, troubles }: JobResult): Remark[] {
  const { verdict: name, reason, code, hint } = verdict;
  const isExit = name === "failed" && code === undefined && !reason.startsWith(`${plan.exec.argv[0]}: `);
  const isPlain = name === "succeeded" || isExit;
  return [
    ...(OWN.includes(name) || code === "job.output" ? [] : planCrashReport(logs)),
    ...["stdout", "stderr"].flatMap((stream, index) => planCut(stream, output[index], plan.logLimitBytes)),
    ...troubles.map((text) => ({ text })),
    ...(isPlain ? [] : [{ text: `${name}: ${reason}`, hint }]),
  ];
}

/** The end of each log that has anything, in name order. A log is the guest's word, or as bad. */
function planCrashReport(logs: readonly LogTail[]): Remark[] {
  const told = logs.filter(({ text }) => text.trim()).toSorted((a, b) => a.name < b.name ? -1 : 1);
  return told.map(({ name, text }) => {
    const lines = text.trimEnd().split(/\r?\n/).map((line) => `  ${printable(line)}`);
    return { text: [`the end of ${name}:`, ...lines].join("\n") };
  });
}

function planCut(stream: string, delivery: Delivery | undefined, limitBytes = Infinity): Remark[] {
  if (!delivery?.missingBytes) return [];
  const [bytes, limit] = [delivery.missingBytes, limitBytes].map(formatBytes);
  const missing = delivery.atLeast ? `at least ${bytes}` : bytes;
  if (delivery.bytes === limitBytes) {
    return [{ text: `${stream}: cut after ${limit} (--log-limit); ${missing} more are missing` }];
  }
  if (delivery.hollow) {
    return [{ text: `${stream}: the last ${missing} of its file were never written, and are left out` }];
  }
  return [{ text: `${stream}: the last ${missing} were not delivered: ${whyNot(delivery)}` }];
}

function whyNot({ error, gone }: Delivery): string {
  if (gone) return "nobody reads it any more";
  return error ?? "nobody took them in time";
}
