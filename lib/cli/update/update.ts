/**
 * `berth update`: the front process opens the window on the group of a VM that runs, the host process changes it.
 *
 * @module
 */

import type { Command } from "../line/command.ts";
import { updateWindows } from "../../app/windows.ts";
import { parseUpdateArgs, UPDATE_FLAGS, type UpdateArgs } from "./args.ts";

/** Nothing is configured of it: its limits are changes, and what is configured is for jobs that begin. */
export const UPDATE: Command<UpdateArgs> = {
  name: "update",
  usage: "ID [flags]",
  summary: "change the limits of a job that runs",
  flags: UPDATE_FLAGS,
  more: "ID is the job's id. Limits that are not named stay as they are.",
  where: "host",
  parse: parseUpdateArgs,
  isQuiet: ({ quiet }) => quiet,
  windows: (args, { stateDir }) => updateWindows(args, stateDir),
  act: async (args, words) => {
    const { updateJob } = await import("../../app/update.ts");
    const limits = await updateJob(args);
    for (const [name, value] of limits) words.note(`${args.id}: ${name} is ${JSON.stringify(value)}`);
  },
};
