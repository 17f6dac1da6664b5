/**
 * A run of the test host from the first check to the unpacked results, in the order in which it happens.
 *
 * @module
 */
import { ensureDir } from "@std/fs";
import { BerthError } from "../../lib/base/errors.ts";
import type { Options } from "./arguments.ts";
import { readOutput, runScript } from "./child.ts";
import { ensureRootImage } from "./root_image.ts";
import { runSession } from "./session.ts";
import { judge, type Verdict, withResults } from "./verdict.ts";
import type { VmFiles } from "./vm.ts";
import { Bound } from "./wait.ts";
import { openWorkplace } from "./workplace.ts";

/** Where things are; nothing here is looked up below. */
export interface Places {
  /** The tree under test. */
  readonly project: string;
  /** The folder of these scripts. */
  readonly scripts: string;
  readonly cacheRoot: string;
  /** The Deno binary that runs inside. */
  readonly deno: string;
  /** The compiled berth for the tests that need one; undefined when there is none. */
  readonly binary?: string;
  /** BERTH_TEST_REQUIRE: see tests/support/require.ts. */
  readonly require: "" | "1";
}

/** The way out for words and for the tests' output. */
export interface Streams {
  /** One line about the progress. */
  readonly say: (line: string) => void;
  readonly output: (chunk: Uint8Array) => void;
}

/** A verdict and what a report of a bad one needs. */
export interface RunResult {
  readonly verdict: Verdict;
  readonly console: string;
}

/** What the end of a run needs of its bound: this long before it, a VM that is still there is killed. */
const TIDY_MS = 20_000;

/** What the guest needs to hand over its results: it ends the tests this long before it would be killed. */
const HAND_OVER_MS = 20_000;

/** Room for the results' tar; sparse. */
const RESULTS_BYTES = 2 ** 30;

/** Runs the tests. When this returns or throws, nothing is left but the cache and the results. */
export async function runTestHost(
  options: Options,
  places: Places,
  streams: Streams,
  bound: Bound,
): Promise<RunResult> {
  const { scripts } = places;
  const sh = (what: string, script: string, ...args: string[]) =>
    readOutput({ what, argv: ["sh", `${scripts}/${script}`, ...args], limitMs: 60_000 }, bound);
  await sh("check of this machine", "requirements.sh");
  await sh("check of the results folder", "collect.sh", "check", options.resultsFolder);
  await using workplace = await openWorkplace(places.cacheRoot, bound, streams.say);
  const work = workplace.folder;
  const timed = stopwatch(streams.say);
  const imageFolder = `${scripts}/image`;
  const image = await ensureRootImage(imageFolder, places.cacheRoot, work, bound);
  timed(image.built ? "root image built" : "root image found in the cache");
  const files = await packPayload(options, places, work, image, bound);
  timed("payload packed");
  const outputLog = `${work}/output.log`;
  const session = { files, outputLog, tmpFolder: work, write: streams.output };
  const traces = await runSession(session, new Bound(bound.remainingMs - TIDY_MS, bound.signal));
  timed("VM gone");
  const unpacking = sh("unpacking of the results", "collect.sh", "unpack", work, options.resultsFolder);
  const verdict = withResults(judge(traces), await failureOf(unpacking, bound.signal));
  return { verdict, console: traces.console };
}

/** The message of a failure that must not hide a verdict; the user's wish to stop is none. */
async function failureOf(work: Promise<unknown>, signal: AbortSignal): Promise<string | undefined> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof BerthError) || signal.aborted) throw error;
    return error.message;
  }
}

async function packPayload(
  options: Options,
  places: Places,
  work: string,
  image: Pick<VmFiles, "kernel" | "rootImage">,
  bound: Bound,
): Promise<VmFiles> {
  const guest = `${work}/payload/guest`;
  await ensureDir(guest);
  await Deno.copyFile(`${places.scripts}/guest/run.sh`, `${guest}/run.sh`);
  await Deno.writeTextFile(`${guest}/arguments`, `${options.testArguments.join("\n")}\n`);
  const argv = [
    ...["sh", `${places.scripts}/payload.sh`, places.project, work, places.deno],
    ...[`${places.cacheRoot}/deno-dir`, places.binary ?? ""],
  ];
  const endsAtSeconds = Math.floor((bound.remainingMs - TIDY_MS - HAND_OVER_MS) / 1000);
  const settings = `permission_set=${options.permissionSet}\nends_at_s=${endsAtSeconds}\nrequire=${places.require}\n`;
  await Deno.writeTextFile(`${guest}/settings.sh`, settings);
  await runScript({ what: "packing of the payload", argv, limitMs: 120_000 }, bound);
  const resultsImage = `${work}/results.img`;
  using results = await Deno.open(resultsImage, { create: true, write: true });
  await results.truncate(RESULTS_BYTES);
  return {
    kernel: image.kernel,
    rootImage: image.rootImage,
    payloadImage: `${work}/payload.img`,
    resultsImage,
    consoleLog: `${work}/console.log`,
    statusFile: `${work}/status`,
  };
}

/** Says what was done, and how long it took since the line before. */
function stopwatch(say: (line: string) => void): (done: string) => void {
  let sinceMs = performance.now();
  return (done) => {
    const nowMs = performance.now();
    say(`${done} (${((nowMs - sinceMs) / 1000).toFixed(1)} s)`);
    sinceMs = nowMs;
  };
}
