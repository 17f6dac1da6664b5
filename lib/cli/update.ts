/**
 * `berth update`: the front process opens the window on the group of a VM that runs, the host process changes it.
 *
 * @module
 */

import { runFront } from "../host/front.ts";
import { limitsIn } from "../cgroup/limits.ts";
import { nodesToLookFor } from "../cgroup/systemd/devices.ts";
import { CGROUP, hasWindows, type Window } from "../host/windows.ts";
import { type Configurable, readCall } from "./config/configured.ts";
import { UPDATE_FLAGS } from "./line/flags.ts";
import { deviceFact, diskFacts } from "./run/run.ts";
import { parseUpdateArgs, type UpdateArgs } from "./update_args.ts";

/** Its limits are changes: what is configured is for jobs that begin. */
const UPDATE: Configurable = { name: "update", flags: UPDATE_FLAGS, parse: parseUpdateArgs };

/** Runs the command and returns the exit status. */
export async function update(words: readonly string[], mainModule: string): Promise<number> {
  const { argv, surroundings } = await readCall(words, UPDATE, mainModule);
  const args = parseUpdateArgs(argv);
  if (hasWindows()) {
    const [{ updateJob }, { Console }] = await Promise.all([
      import("../app/update.ts"),
      import("./terminal/console.ts"),
    ]);
    await using words = new Console(args.quiet);
    const limits = await updateJob(args);
    for (const name of limitsIn(limits)) words.note(`${args.id}: ${name} is ${JSON.stringify(limits[name])}`);
    return 0;
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
