/**
 * `berth image warm`.
 *
 * @module
 */

import { BUILD_WINDOWS, goneFact, jailWindows, runWindows } from "../../app/windows.ts";
import { BerthError } from "../../base/errors.ts";
import { JOB_PROGRAMS, runFront } from "../../host/front.ts";
import { completeRequest, imageFolder, type JobRequest } from "../../job/request/request.ts";
import { checkTogether } from "../../job/request/together.ts";
import type { Command } from "../line/command.ts";
import { isJobFlag } from "../line/flag.ts";
import { askedBy, valuesOf } from "../line/given.ts";
import { parseNamed } from "../line/names.ts";
import { RUN_FLAGS } from "../line/run_flags.ts";
import { BUILD_MIN_FREE } from "../line/shared_flags.ts";

/** What of a job decides which guest it has, and where that is booted: the rest is the job's own. */
const OF_GUEST: readonly string[] = [
  ...["memory", "cpus", "scratch", "accel", "boot-timeout"],
  ...["limits", "cgroup-parent", "cgroup-driver", "jail", "uid-range"],
];
const WARM_FLAGS = [
  ...RUN_FLAGS.filter(({ name }) => OF_GUEST.includes(name)),
  BUILD_MIN_FREE,
  { name: "quiet", help: "no progress on stderr" },
];

/** What is to be booted. */
interface WarmArgs {
  /** A job that nobody runs. */
  readonly request: JobRequest;
  readonly quiet: boolean;
}

/** `berth image warm`. */
export const WARM: Command<WarmArgs> = {
  name: "warm",
  usage: "NAME [flags]",
  summary: "boot a guest of an image, and save it for jobs to begin from",
  flags: WARM_FLAGS,
  more:
    `Jobs with --start auto or clone whose guest is of the same shape begin as clones of it (berth help starts). One that is
saved already is tried.`,
  where: "host",
  windows: ({ request }, { stateDir, isRoot }) => [
    ...BUILD_WINDOWS,
    goneFact(stateDir),
    ...runWindows(request, {}),
    ...jailWindows(request, isRoot),
  ],
  parse: (argv, surroundings) => parseWarmArgs(argv, surroundings?.hostMemoryBytes ?? Infinity),
  isQuiet: ({ quiet }) => quiet,
  inFront: (_args, { host }) => runFront({ ...host, programs: JOB_PROGRAMS }),
  act: async ({ request }, words) => (await import("../../app/warm_image.ts")).warmImage(request, words),
};

/** @throws {BerthError} `usage.*`, `cgroup.form`. Pure. */
export function parseWarmArgs(argv: readonly string[], hostMemoryBytes: number): WarmArgs {
  const flags = parseNamed(argv, WARM_FLAGS);
  const [image, ...others] = flags.rest;
  if (image === undefined || others.length) throw new BerthError("usage.subcommand", "berth image warm takes one name");
  const asked = askedBy(valuesOf(flags, WARM_FLAGS.filter(isJobFlag)));
  // An image need not have a command of its own.
  const request = { ...asked.request, image, start: "clone", command: ["true"] } as const;
  checkTogether({ ...asked, request }, hostMemoryBytes);
  const whole = completeRequest(request);
  if (imageFolder(whole) !== undefined) {
    throw new BerthError(
      "usage.value",
      `berth image warm: ${JSON.stringify(image)} is a folder; it takes an image's name`,
    );
  }
  return { request: whole, quiet: flags.has("quiet") };
}
