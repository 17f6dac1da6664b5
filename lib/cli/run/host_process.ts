/**
 * `berth run` in the host process: what is said of the job, its report and berth's exit status.
 *
 * @module
 */

import { type Begun, runRequest } from "../../app/run.ts";
import { describeError, translateRefusedWrite } from "../../base/errors.ts";
import { writeAll } from "../../base/write_all.ts";
import { REPORT, STATE } from "../../host/windows.ts";
import type { JobPlan } from "../../job/plan.ts";
import { type JobResult, planEarlyReport, planReport, type Report } from "../../job/report.ts";
import type { JobEvent } from "../../job/io.ts";
import { decideVerdict, infra } from "../../job/verdict.ts";
import { planConclusion } from "./conclusion.ts";
import { Console } from "../terminal/console.ts";
import type { RunArgs } from "./args.ts";

/** Runs the job, passes on its output, says how it ended, writes the report, and returns berth's exit status. */
export async function runAndTell(
  args: RunArgs,
  begun: Begun,
  paths: readonly (readonly [string, string])[],
): Promise<number> {
  const { stop } = begun;
  await using console = new Console(args.quiet, paths);
  console.hurryOn(stop.requested);
  let ended: JobResult | undefined;
  try {
    await runRequest(args, begun, {
      words: console,
      stdout: (bytes, onWritten) => writeAll(Deno.stdout, bytes, onWritten),
      stderr: (bytes, onWritten) => console.pass(bytes, onWritten),
      stdin: args.spec.stdin ? Deno.stdin.readable : undefined,
      notify: (event) => console.note(describeEvent(event)),
      onEnd: async (plan, result) => {
        ended = result;
        await conclude(args, plan, result, console);
      },
    });
    return ended!.verdict.status;
  } catch (error) {
    // What fails behind a job changes nothing of how that ended.
    if (ended) {
      console.error(error);
      return ended.verdict.status;
    }
    // Before there is a job there is nothing to clean up, only to say.
    const end = stop.reason
      ? { kind: "cancelled", by: stop.reason, isOver: false } as const
      : infra(translateRefusedWrite(error, STATE));
    const verdict = decideVerdict(end, { started: false });
    const image = "name" in args.image ? args.image.name : args.image.folder;
    await writeReport(args, planEarlyReport(image, args.spec.name, verdict), console);
    console.error(verdict.reason, verdict.hint);
    return verdict.status;
  }
}

function describeEvent(event: JobEvent): string {
  switch (event.kind) {
    case "left-out":
      return `artifact: left out ${event.what}`;
    case "note":
      return event.text;
  }
}

/** Writes the report, and says how it ended: what is said may wait for its reader. */
async function conclude(args: RunArgs, plan: JobPlan, result: JobResult, console: Console): Promise<void> {
  await writeReport(args, planReport(plan, result), console);
  for (const { text, hint } of planConclusion(plan, result)) console.error(text, hint);
}

async function writeReport(args: RunArgs, report: Partial<Report>, console: Console): Promise<void> {
  if (args.report === undefined) return;
  try {
    const named = (_key: string, value: unknown) => typeof value === "string" ? console.name(value) : value;
    await Deno.writeTextFile(REPORT, JSON.stringify(report, named, 2) + "\n");
  } catch (error) {
    console.error(`the report can't be written: ${describeError(error)}`);
  }
}
