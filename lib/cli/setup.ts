/**
 * `berth setup`: installs what jobs need of the host. Nothing of berth's has to work for it but a shell.
 *
 * @module
 */

import { STATUS } from "../base/exit_status.ts";
import type { Command } from "./line/command.ts";
import type { Flag } from "./line/flag.ts";
import { expectNone, parseNamed } from "./line/names.ts";

/** Flags of `berth setup`. */
const SETUP_FLAGS: readonly Flag[] = [{ name: "check", help: "install nothing, only say what is missing" }];

/** `berth setup`. */
export const SETUP: Command<{ readonly check: boolean }> = {
  name: "setup",
  usage: "[--check]",
  summary: "install what jobs need of this host",
  flags: SETUP_FLAGS,
  more:
    `Says which programs are missing and what each is for. As root on Debian and Ubuntu it has apt install them, whose words
go to /var/log/berth-setup.log; elsewhere it says what to install. Exit status: 0 when nothing is missing; 125 when
something is.`,
  where: "here",
  parse: (argv) => {
    const flags = parseNamed(argv, SETUP_FLAGS);
    expectNone(flags.rest, "berth setup");
    return { check: flags.has("check") };
  },
  act: async ({ check }, words) => {
    const [{ setUpHost }, { HOST_PROGRAMS }] = await Promise.all([
      import("../app/setup.ts"),
      import("../host/programs.ts"),
    ]);
    const installs = Deno.uid() === 0 && !check;
    if (!await setUpHost(HOST_PROGRAMS, installs, (line) => words.note(line))) return STATUS.notDone;
    words.note("this host has all programs that berth needs; berth doctor looks at the rest");
  },
};
