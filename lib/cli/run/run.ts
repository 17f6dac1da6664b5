/**
 * `berth run`: the front process reads what is asked for, and hands it to the host process, which runs it.
 *
 * @module
 */

import { BUILD_WINDOWS, dryRunWindows, goneFact, jailWindows, jobWindows, runWindows } from "../../app/windows.ts";
import { BerthError } from "../../base/errors.ts";
import { STATUS } from "../../base/exit_status.ts";
import { expectOwnFolders, foldersToOwn } from "../../files/own_folder.ts";
import { readCallerDescriptor } from "../../host/caller.ts";
import { JOB_PROGRAMS, runFront } from "../../host/front.ts";
import { isInMask, readIgnoredSignals } from "../../host/ignored_signals.ts";
import { readRequest } from "../../host/request.ts";
import { STATE } from "../../host/windows.ts";
import type { Told } from "../../job/events.ts";
import type { Tell } from "../../machine/events.ts";
import type { JobRequest } from "../../job/request/request.ts";
import { STOP_NUMBERS, STOP_SIGNALS, StopRequest } from "../../job/stop.ts";
import type { Values } from "../line/given.ts";
import { readConfiguration } from "../config/configured.ts";
import { readSurroundings, type Surroundings } from "../config/surroundings.ts";
import type { Command, Program } from "../line/command.ts";
import { RUN_FLAGS } from "../line/run_flags.ts";
import { Console } from "../terminal/console.ts";
import { completeArgs, parseRunArgs, parseRunLine, type RunArgs, type RunLine, type Telling } from "./args.ts";
import { readEnv } from "./env_args.ts";
import type { Handed } from "./handed.ts";

/** `berth run`. */
export const RUN = {
  name: "run",
  usage: "[flags] -- [CMD [ARG…]]",
  summary: "run one job here and now",
  flags: RUN_FLAGS,
  more: `Without CMD the image's own command is run.

A limit that is asked for is in force, or the job is refused (--limits require), or a warning says that it is not.`,
  where: "handed",
  parse: (argv, surroundings) => parseRunArgs(argv, surroundings?.hostMemoryBytes ?? Infinity),
  inFront,
  act: (program) => runBehindWindows(program),
  // A host process that was killed: nobody else knows how far its job had come.
  statusOf: (error) => error instanceof BerthError && error.code === "host.window" ? STATUS.unknown : undefined,
} satisfies Command<RunArgs>;

async function inFront(words: readonly string[], { mainModule }: Program): Promise<number> {
  const { args, surroundings } = await readArgs(parseRunLine(words), mainModule);
  const { report, events, quiet } = args;
  if (typeof events === "number") await expectWritable(events);
  const request: JobRequest = { ...args.request, env: { ...args.request.env, ...await readEnv(args.env) } };
  const handed: Handed = { request, telling: { report, events, quiet }, dryRun: args.dryRun };
  if (args.dryRun) return await planInFront(handed, surroundings);
  return await runFront({
    ...surroundings,
    programs: JOB_PROGRAMS,
    // What it is to run, and with which secrets, is nobody's business.
    args: ["run"],
    request: handed,
    stdin: request.stdin ? () => Deno.stdin.readable : undefined,
    env: surroundings.hostEnv,
    windows: [
      ...BUILD_WINDOWS,
      goneFact(surroundings.stateDir),
      ...runWindows(request, { report, events }),
      ...jailWindows(request, surroundings.isRoot),
    ],
  });
}

/** @throws {BerthError} `usage.value` for a descriptor that events can't be written to. */
async function expectWritable(events: number): Promise<void> {
  const state = await readCallerDescriptor(events);
  if (state === "writable") return;
  const wrong = state === "closed" ? "is not open" : "is open for reading only";
  const right = `open it, as in --events ${events} ${events}>FILE; a file of this name is ./${events}`;
  throw new BerthError("usage.value", `--events ${events}: descriptor ${events} ${wrong}; ${right}`);
}

/** For a job that is not run its host process only looks. */
async function planInFront(handed: Handed, surroundings: Surroundings): Promise<number> {
  return await runFront({
    ...surroundings,
    looksOnly: true,
    args: ["run"],
    request: handed,
    env: surroundings.hostEnv,
    windows: dryRunWindows(handed.request),
  });
}

/** What the user asks for, with what is configured; what contradicts that is left out, and said. */
async function readArgs(line: RunLine, mainModule: string): Promise<{ args: RunArgs; surroundings: Surroundings }> {
  const { values: configured, surroundings } = await readConfiguration(mainModule);
  const { hostMemoryBytes } = surroundings;
  const own = await readOwn(line, hostMemoryBytes);
  if (configured.length === 0) return { args: completeArgs(line, own, hostMemoryBytes), surroundings };
  const { mergeValues } = await import("../config/merge.ts");
  const { values, notes } = mergeValues(own, configured, hostMemoryBytes);
  await using console = new Console(line.quiet);
  for (const note of notes) console.note(note);
  return { args: completeArgs(line, values, hostMemoryBytes), surroundings };
}

/** What the user says of the job: in a file, or on the command line. */
async function readOwn({ requestFile, values }: RunLine, hostMemoryBytes: number): Promise<Values> {
  if (requestFile === undefined) return values;
  const { readRequestFile } = await import("./request_file.ts");
  return await readRequestFile(requestFile, hostMemoryBytes);
}

/** What this host process is asked: it is checked as whoever else's, though the front process has made it. */
async function readHanded({ hostMemoryBytes }: Surroundings): Promise<Handed> {
  const [handed, { checkHanded }] = await Promise.all([readRequest(Deno.stdin), import("./handed.ts")]);
  return checkHanded(handed, hostMemoryBytes);
}

/** The host process takes the job, and runs it. @param tap is told of the job's events first. */
export async function runBehindWindows({ mainModule }: Program, tap?: Tell<Told>): Promise<number> {
  const stop = new StopRequest();
  const ignored = readIgnoredSignals();
  for (const signal of STOP_SIGNALS) {
    const stays = isInMask(ignored, STOP_NUMBERS[signal]);
    Deno.addSignalListener(signal, () => stays || stop.stop(signal));
  }
  const surroundings = readSurroundings(mainModule);
  const { request, telling, dryRun } = await readHanded(surroundings);
  await expectOwnFolders(surroundings.uid, foldersToOwn(surroundings.stateDir));
  const paths = windowPaths(request, telling, surroundings.stateDir);
  if (dryRun) return await (await import("./dry_run.ts")).printDryRun(request, paths);
  const { JailTrial } = await import("../../app/jail_trial.ts");
  // Its programs run while the rest of this one is loaded.
  await using trial = new JailTrial(request, stop.requested);
  const { runAndTell } = await import("./host_process.ts");
  return await runAndTell(request, telling, { stop, trial }, paths, tap);
}

/** What the windows show, for messages. */
function windowPaths(
  request: JobRequest,
  telling: Telling,
  stateDir: string,
): (readonly [window: string, path: string])[] {
  const windows = [...BUILD_WINDOWS, ...jobWindows(request, telling)].map(({ target, source }) =>
    [target, source] as const
  );
  return [...windows, [STATE, stateDir]];
}
