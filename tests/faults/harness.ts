/**
 * Runs a job, breaks something at one point of its life, and looks how berth ends and what it leaves.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import type { Point } from "../../lib/machine/points.ts";
import type { Report } from "../../lib/job/report.ts";
import type { VerdictName } from "../../lib/job/verdict.ts";
import { berth, finish, leftovers, type Outcome, SCRATCH, shell, STATE } from "../support/berth.ts";
import { BERTH_AT_POINTS } from "../support/programs/berth_at_points.ts";

/** What a new start may take to tidy up. */
const TIDY_MS = 10_000;
/** No case takes so long: beyond it, berth hangs. */
const LIMIT_MS = 90_000;

/** What is broken, and where. Without a point the job itself, or its VMM, is what is wrong. */
export interface Case {
  readonly label: string;
  readonly point?: Point;
  /** Breaks it, while berth stands at the point. @returns whether there is somebody to go on. */
  readonly fault?: (scene: Scene) => Promise<boolean | void>;
  /** Flags of `berth run` beside those of every case. */
  readonly flags?: readonly string[];
  readonly script: string;
  /** Runs before berth, in berth's own mount namespace, as a part of a shell script; `$STATE` is the state folder. */
  readonly before?: string;
  /** Undefined: berth was in no state to report. */
  readonly verdict: VerdictName | undefined;
  readonly status: number;
  /** Looks at more. */
  readonly check?: (outcome: Outcome & { readonly report?: Report }) => void;
}

/** What a fault can be done to. */
export interface Scene {
  readonly state: string;
  readonly frontPid: number;
  readonly hostPid: number;
}

/** A state folder with the default image in it, for one test file: files may run side by side. */
export async function prepareState(name: string): Promise<string> {
  await Deno.mkdir(SCRATCH, { recursive: true });
  const built = await berth(["run", "--quiet", "--", "true"]);
  assertEquals(built.code, 0, built.stderr);
  const state = `${SCRATCH}/faults-${name}`;
  await copyImage(STATE, state);
  return state;
}

/** Gives a state folder the default image of another one. */
export async function copyImage(from: string, to: string): Promise<void> {
  const script =
    `mkdir -p "$2"; find "$2" -mindepth 1 -delete; mkdir -p "$2/images/.store"; cp -a "$1/images/default" "$2/images"
    cd "$1/images/.store"; for file in *; do ! grep -qF "$file" ../default/* || cp -a "$file" "$2/images/.store"; done`;
  await shell(script, from, to);
}

/** Where the jobs run, and what looks for that which they leave. */
export interface Place {
  /** The state folder. */
  readonly state: string;
  readonly flags: readonly string[];
  readonly gcFlags: readonly string[];
  readonly left: (state: string) => Promise<string[]>;
}

/** Without groups, and emulated, which every machine can do. */
export function plainPlace(state: string): Place {
  return { state, flags: ["--accel", "tcg"], gcFlags: [], left: leftovers };
}

/** Makes a test of each case, in a place that is made when the first of them begins: often few are selected. */
export function testFaults<P>(
  cases: readonly Case[],
  openPlace: () => Promise<P>,
  run: (place: P, one: Case) => Promise<void>,
): void {
  let place: Promise<P> | undefined;
  for (const one of cases) Deno.test(one.label, async () => await run(await (place ??= openPlace()), one));
}

/**
 * Runs a job, breaks what the case says, and expects its verdict and a clean host.
 *
 * @param repair is done before the next start is to clean up.
 */
export async function tryFault(place: Place, one: Case, repair = () => Promise.resolve()): Promise<void> {
  const { state } = place;
  // Not in the state folder, whose disk may be what breaks.
  const report = `${SCRATCH}/${state.split("/").at(-1)}.json`;
  await shell('rm -rf "$1/points" "$2"; mkdir "$1/points"', state, report);
  if (one.point) await shell('mkdir "$1"; mkfifo "$1/reached" "$1/go"', `${state}/points/${one.point}`);
  const flags = ["--quiet", "--report", report, ...place.flags, ...(one.flags ?? [])];
  const child = start(state, one.before ?? ":", ["run", ...flags, "--", "sh", "-c", one.script]);
  const ended = finish(child, LIMIT_MS);
  if (one.point && one.fault) {
    const reached = shell('exec timeout 60 cat "$1"', `${state}/points/${one.point}/reached`);
    const first = await Promise.race([reached, ended]);
    if (typeof first !== "string") throw new Error(`it ended before "${one.point}": ${first.code} ${first.stderr}`);
    const goesOn = await one.fault({ state, frontPid: child.pid, hostPid: Number(first) });
    if (goesOn !== false) await shell('exec timeout 20 sh -c ": >\\"$1\\"" sh "$1"', `${state}/points/${one.point}/go`);
  }
  const outcome = await ended;
  const seen = await readReport(report);
  const words = `${outcome.stderr}\n${JSON.stringify(seen?.evidence, null, 1)}`;
  assertEquals([seen?.verdict, outcome.code], [one.verdict, one.status], words);
  one.check?.({ ...outcome, report: seen });
  await repair();
  await expectClean(place);
}

function start(state: string, before: string, args: readonly string[]): Deno.ChildProcess {
  const command = [Deno.execPath(), "run", "-q", "--no-prompt", "--permission-set=berth", BERTH_AT_POINTS, ...args];
  // One process all the way: its id is that of berth's front process.
  const script = `STATE=$1; shift; ${before}\nexec "$@"`;
  return new Deno.Command("sh", {
    args: ["-c", 'exec unshare -m sh -ec "$@"', "sh", script, "sh", state, ...command],
    cwd: SCRATCH,
    env: { BERTH_STATE: state },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** After the next start nothing is left. */
async function expectClean({ state, gcFlags, left: look }: Place): Promise<void> {
  const { code, stderr } = await berth(["gc", ...gcFlags], { state });
  assertEquals(code, 0, stderr);
  const until = performance.now() + TIDY_MS;
  while (true) {
    const left = await look(state);
    if (left.length === 0 || performance.now() > until) return assertEquals(left, []);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function readReport(path: string): Promise<Report | undefined> {
  const text = await Deno.readTextFile(path).catch(() => "");
  return text ? JSON.parse(text) as Report : undefined;
}
