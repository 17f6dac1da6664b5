/**
 * `berth gc`: the front process opens the windows on what berth keeps and on the groups, the host process removes what
 * killed berths have left.
 *
 * @module
 */

import { readCgroupFacts } from "../../host/cgroup_facts.ts";
import { type FrontOptions, runFront } from "../../host/front.ts";
import { CGROUP, hasWindows, SLICE, STATE, type Window } from "../../host/windows.ts";
import { type Call, type Configurable, readCall } from "../config/configured.ts";
import { GC_FLAGS } from "../line/flags.ts";
import { type GcArgs, parseGcArgs } from "./args.ts";
import { describeRemoved, listLeft, toJson } from "./render.ts";
import { goneFact, SPARE_SLICE } from "../run/run.ts";

const STATUS_LEFT = 125;

const GC: Configurable = { name: "gc", flags: GC_FLAGS, parse: parseGcArgs };

/** Runs the command and returns the exit status. */
export async function gc(words: readonly string[], mainModule: string): Promise<number> {
  const { argv, surroundings } = await readCall(words, GC, mainModule);
  if (hasWindows()) {
    return await removeAndTell(parseGcArgs(argv), surroundings.stateDir);
  }
  return await runFront(planSweep({ argv, surroundings }));
}

/** Removes what killed berths have left, and says what went and what did not. */
async function removeAndTell(args: GcArgs, stateDir: string): Promise<number> {
  const [{ removeGarbage }, { Console }] = await Promise.all([
    import("../../app/gc.ts"),
    import("../terminal/console.ts"),
  ]);
  const facts = await readCgroupFacts();
  await using words = new Console(false, [[STATE, stateDir], [CGROUP, facts.window], [SLICE, facts.sliceWindow]]);
  const garbage = await removeGarbage(args.parent, facts);
  const left = listLeft(garbage);
  if (args.json) console.log(words.name(JSON.stringify(toJson(garbage), null, 2)));
  const removed = describeRemoved(garbage);
  for (const line of removed) words.note(line);
  for (const { what, hint } of left) words.error(what, hint);
  if (removed.length + left.length === 0) words.note("nothing was left");
  return left.length ? STATUS_LEFT : 0;
}

/** How to start the host process of a sweep, as it is configured at this moment. @throws {BerthError} `config.*`. */
export async function planConfiguredSweep(mainModule: string): Promise<FrontOptions> {
  return planSweep(await readCall(["--json"], GC, mainModule));
}

function planSweep({ argv, surroundings }: Call): FrontOptions {
  return {
    ...surroundings,
    args: ["gc", ...argv],
    env: surroundings.hostEnv,
    windows: gcWindows(parseGcArgs(argv), surroundings.stateDir),
  };
}

/** The windows of a look around. Pure. */
export function gcWindows({ parent }: GcArgs, stateDir: string): Window[] {
  return [
    { mode: "cgroup", target: CGROUP, source: parent.kind === "path" ? parent.path : "self" },
    ...(parent.kind === "self" ? [SPARE_SLICE] : []),
    goneFact(stateDir),
  ];
}
