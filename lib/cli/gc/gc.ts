/**
 * `berth gc`: the front process opens the windows on what berth keeps and on the groups, the host process removes what
 * killed berths have left.
 *
 * @module
 */

import { STATUS } from "../../base/exit_status.ts";
import { CGROUP, type Window } from "../../host/windows.ts";
import type { Command } from "../line/command.ts";
import type { Console } from "../terminal/console.ts";
import { goneFact, SPARE_SLICE } from "../../app/windows.ts";
import { GC_FLAGS, type GcArgs, parseGcArgs } from "./args.ts";

/** `berth gc`. */
export const GC: Command<GcArgs> = {
  name: "gc",
  usage: "[flags]",
  summary: "remove what killed berths have left",
  flags: GC_FLAGS,
  more:
    `Removes the folders and groups of jobs whose berth was killed, what killed builds have left in the image store, and
caches that nothing was ever put into. Every start of berth does the same for jobs. What a job uses that runs is never
touched, nor anything that is not berth's. Exit status: 0 when nothing is left; 125 when something is, with the reason.`,
  where: "host",
  parse: parseGcArgs,
  windows: (args, { stateDir }) => gcWindows(args, stateDir),
  act: removeAndTell,
};

/** Removes what killed berths have left, and says what went and what did not. */
async function removeAndTell(args: GcArgs, words: Console): Promise<number> {
  const [{ removeGarbage }, { readCgroupFacts }, { describeRemoved, listLeft, renderJson }] = await Promise.all([
    import("../../app/gc.ts"),
    import("../../host/cgroup_facts.ts"),
    import("./render.ts"),
  ]);
  const garbage = await removeGarbage(args.parent, await readCgroupFacts());
  const left = listLeft(garbage);
  if (args.json) console.log(renderJson(garbage, (text) => words.name(text)));
  const removed = describeRemoved(garbage);
  for (const line of removed) words.note(line);
  for (const { what, hint } of left) words.error(what, hint);
  if (removed.length + left.length === 0) words.note("nothing was left");
  return left.length ? STATUS.notDone : STATUS.done;
}

/** The windows of a look around. Pure. */
export function gcWindows({ parent }: GcArgs, stateDir: string): Window[] {
  return [
    { mode: "cgroup", target: CGROUP, source: parent.kind === "path" ? parent.path : "self" },
    ...(parent.kind === "self" ? [SPARE_SLICE] : []),
    goneFact(stateDir),
  ];
}
