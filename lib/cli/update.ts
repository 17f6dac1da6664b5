/**
 * `berth update`: the front process opens the window on the group of a VM that runs, the host process changes it.
 *
 * @module
 */

import { runFront } from "../host/front.ts";
import { nodesToLookFor } from "../cgroup/systemd/devices.ts";
import { CGROUP, hasWindows, type Window } from "../host/windows.ts";
import { deviceFact, diskFacts } from "./run.ts";
import { readSurroundings } from "./surroundings.ts";
import { parseUpdateArgs, type UpdateArgs } from "./update_args.ts";

/** Runs the command and returns the exit status. */
export async function update(argv: readonly string[], mainModule: string): Promise<number> {
  const surroundings = readSurroundings(mainModule);
  const args = parseUpdateArgs(argv);
  if (hasWindows()) {
    const { updateHere } = await import("./update_here.ts");
    return await updateHere(args);
  }
  return await runFront({
    ...surroundings,
    args: ["update", ...argv],
    env: surroundings.hostEnv,
    windows: updateWindows(args, surroundings.stateDir),
  });
}

/** The windows of an update. Pure. */
export function updateWindows({ id, limits, devicesToAdd }: UpdateArgs, stateDir: string): Window[] {
  return [
    { mode: "group", target: CGROUP, source: `${stateDir}/jobs/${id}.cgroup` },
    ...diskFacts(limits),
    ...nodesToLookFor(devicesToAdd).map(deviceFact),
  ];
}
