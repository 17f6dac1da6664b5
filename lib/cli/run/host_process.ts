/**
 * `berth run` in the host process: what is said of the job, its report and berth's exit status.
 *
 * @module
 */

import { type Begun, type RunIo, runRequest } from "../../app/run.ts";
import { BerthError, describeError, translateRefusedWrite } from "../../base/errors.ts";
import { writeAll } from "../../base/write_all.ts";
import { receiveInput } from "../../host/input.ts";
import { EVENTS, REPORT, STATE } from "../../host/windows.ts";
import type { Told } from "../../job/events.ts";
import type { JobRequest } from "../../job/request/request.ts";
import { planEarlyReport, planReport, type Report } from "../../job/report.ts";
import { type JobResult, summarize } from "../../job/summary.ts";
import type { Tell } from "../../machine/events.ts";
import { decideVerdict, type End, infra } from "../../job/verdict.ts";
import { planConclusion } from "./conclusion.ts";
import { toJson } from "../terminal/json.ts";
import { Console } from "../terminal/console.ts";
import type { Telling } from "./args.ts";
import { EventsFile } from "./events_file.ts";
import { EventsRelay } from "./events_relay.ts";

/** Runs the job, passes on its output, says how it ended, writes the report, and returns berth's exit status. */
export async function runAndTell(
  request: JobRequest,
  telling: Telling,
  begun: Begun,
  paths: readonly (readonly [string, string])[],
  tap?: Tell<Told>,
): Promise<number> {
  const { stop } = begun;
  await using console = new Console(telling.quiet, paths);
  console.hurryOn(stop.requested);
  let ended: JobResult | undefined;
  try {
    await using events = await openEvents(telling, console, stop.requested);
    await runRequest(request, begun, {
      words: console,
      ...streamsOf(request, console),
      tell: (event) => {
        tap?.(event);
        events?.tell(event);
        const line = lineOf(event);
        if (line !== undefined) console.note(line);
      },
      onEnd: async (plan, told) => {
        ended = summarize(told);
        await writeReport(telling, planReport(plan, told), console);
        // What is said may wait for its reader.
        for (const { text, hint } of planConclusion(plan, ended)) console.error(text, hint);
      },
    });
    return ended!.verdict.status;
  } catch (error) {
    // What fails behind a job changes nothing of how that ended.
    if (ended) {
      console.error(error);
      return ended.verdict.status;
    }
    const end: End = stop.reason
      ? { kind: "cancelled", by: stop.reason, isOver: false }
      : infra(translateRefusedWrite(error, STATE));
    return await tellEarlyEnd(request, telling, end, console);
  }
}

/** Before there is a job there is nothing to clean up, only to say. */
async function tellEarlyEnd(request: JobRequest, telling: Telling, end: End, console: Console): Promise<number> {
  const verdict = decideVerdict(end, { started: false });
  await writeReport(telling, planEarlyReport(request.image, request.name, verdict), console);
  console.error(verdict.reason, verdict.hint);
  return verdict.status;
}

/** Streams of this process's that become the job's. */
function streamsOf({ stdin }: JobRequest, console: Console): Pick<RunIo, "stdout" | "stderr" | "stdin"> {
  return {
    stdout: (bytes, onWritten) => writeAll(Deno.stdout, bytes, onWritten),
    stderr: (bytes, onWritten) => console.pass(bytes, onWritten),
    stdin: stdin ? receiveInput(Deno.stdin) : undefined,
  };
}

function isSame(one: Deno.FileInfo, other: Deno.FileInfo): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

async function openEvents(
  { events, report }: Telling,
  console: Console,
  hurry: AbortSignal,
): Promise<EventsFile | EventsRelay | undefined> {
  if (events === undefined) return undefined;
  const nameOf = (text: string) => console.name(text);
  const onBroken = (error: unknown) => console.error(`events can't be written any more: ${describeError(error)}`);
  if (typeof events === "number") return await EventsRelay.open(EVENTS, { nameOf, onBroken, hurry });
  if (report !== undefined && isSame(Deno.statSync(EVENTS), Deno.statSync(REPORT))) {
    throw new BerthError("usage.value", `--events ${events} is the file of --report: give it one of its own`);
  }
  return new EventsFile(EVENTS, { nameOf, onBroken });
}

/** What is said of an event as it happens; undefined for nothing. */
function lineOf(event: Told): string | undefined {
  if (event.kind === "left-out") return `artifact: left out ${event.what}`;
  // What is early was said when it was noted.
  return event.kind === "note" && !event.early ? event.text : undefined;
}

async function writeReport(telling: Telling, report: Partial<Report>, console: Console): Promise<void> {
  if (telling.report === undefined) return;
  try {
    await Deno.writeTextFile(REPORT, toJson(report, 2, (text) => console.name(text)) + "\n");
  } catch (error) {
    console.error(`the report can't be written: ${describeError(error)}`);
  }
}
