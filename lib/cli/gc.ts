/**
 * `berth gc`: the front process opens the windows on what berth keeps and on the groups, the host process removes what
 * killed berths have left.
 *
 * @module
 */

import { type FrontOptions, runFront } from "../host/front.ts";
import { CGROUP, hasWindows, type Window } from "../host/windows.ts";
import { type Call, type Configurable, readCall } from "./configured.ts";
import { GC_FLAGS } from "./flags.ts";
import { type GcArgs, parseGcArgs } from "./gc_args.ts";
import { goneFact, SPARE_SLICE } from "./run.ts";

const GC: Configurable = { name: "gc", flags: GC_FLAGS, parse: parseGcArgs };

/** Runs the command and returns the exit status. */
export async function gc(words: readonly string[], mainModule: string): Promise<number> {
  const { argv, surroundings } = await readCall(words, GC, mainModule);
  if (hasWindows()) {
    const { gcHere } = await import("./gc_here.ts");
    return await gcHere(parseGcArgs(argv), surroundings.stateDir);
  }
  return await runFront(planSweep({ argv, surroundings }));
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
