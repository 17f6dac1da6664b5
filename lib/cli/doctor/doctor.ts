/**
 * `berth doctor`: a script looks at the host as the caller sees it, a host process behind its windows tries what jobs do,
 * and the front process says what it means.
 *
 * @module
 */

import { CGROUP, type Window } from "../../host/windows.ts";
import type { Command } from "../line/command.ts";
import { toJson } from "../terminal/json.ts";
import type { Console } from "../terminal/console.ts";
import { goneFact, SPARE_SLICE, usersWindow } from "../../app/windows.ts";
import type { Surroundings } from "../config/surroundings.ts";
import { DOCTOR_FLAGS, type DoctorArgs, parseDoctorArgs } from "./args.ts";

/** `berth doctor`. */
export const DOCTOR: Command<DoctorArgs> = {
  name: "doctor",
  usage: "[flags]",
  summary: "look whether jobs can run here, and what is to be done",
  flags: DOCTOR_FLAGS,
  more:
    `Tries what jobs need: a guest on KVM, a jail, a disk, a group, namespaces, and more. Each finding is ok, warn (jobs run,
but worse, or some can't) or fail (no job runs), says what it means, and how to mend it where a command can. Nothing is
changed. Exit status: 0; 1 when something fails; 125 when berth could not look.`,
  where: "host",
  parse: parseDoctorArgs,
  // The front process reads what it says, and has the words.
  isQuiet: () => true,
  windows: doctorWindows,
  inFront: async (args, call) => (await import("./look.ts")).lookAndTell(args, call),
  act: printTries,
};

/** For the front process. */
async function printTries(args: DoctorArgs, words: Console): Promise<void> {
  const [{ tryHost }, { readCgroupFacts }] = await Promise.all([
    import("../../app/try_host.ts"),
    import("../../host/cgroup_facts.ts"),
  ]);
  const tries = await tryHost(args, await readCgroupFacts());
  console.log(toJson(tries, undefined, (text) => words.name(text)));
}

/** The windows of the tries. Pure. */
export function doctorWindows(
  { areas, parent }: DoctorArgs,
  { stateDir, isRoot }: Pick<Surroundings, "stateDir" | "isRoot">,
): Window[] {
  const users = isRoot && areas.includes("namespaces") ? [usersWindow()] : [];
  if (!areas.includes("cgroup") && !areas.includes("leftovers")) return users;
  const source = parent.kind === "path" ? parent.path : "self";
  return [
    ...users,
    { mode: "cgroup", target: CGROUP, source },
    ...(parent.kind === "self" && areas.includes("cgroup") ? [SPARE_SLICE] : []),
    goneFact(stateDir),
  ];
}
