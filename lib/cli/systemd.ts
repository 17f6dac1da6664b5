/**
 * `berth systemd`: berth and jobs as services.
 *
 * @module
 */

import { UNITS } from "../host/windows.ts";
import type { Command, CommandGroup } from "./line/command.ts";
import type { Flag } from "./line/flag.ts";
import { expectNone, parseNamed } from "./line/names.ts";

/** Where systemd looks for units that no package brought. */
const UNIT_FOLDER = "/etc/systemd/system";

/** Flags of `berth systemd install`. */
const INSTALL_FLAGS: readonly Flag[] = [
  { name: "dir", value: "DIR", help: "where to put the units", default: { value: UNIT_FOLDER } },
];

/** Where to put units. */
export interface InstallArgs {
  readonly folder: string;
}

const INSTALL: Command<InstallArgs> = {
  name: "install",
  usage: "[--dir DIR]",
  summary: "write the units, for this very binary and state folder",
  flags: INSTALL_FLAGS,
  more: `berth.service runs berth serve, which keeps the host tidy. berth-run@.service runs a job: systemctl start
berth-run@NAME does what /etc/berth/run/NAME describes, in a line as in

  ARGS=--image node --timeout 10m -- make test

A unit that was changed by hand is not overwritten; drop-ins (systemctl edit) are the place for changes. berth's Debian
package brings its units itself.`,
  where: "host",
  windows: ({ folder }) => [{ mode: "make", target: UNITS, source: folder }],
  parse: parseInstallArgs,
  act: async ({ folder }, words, stateDir) =>
    (await import("../app/units.ts")).installUnits({ folder, stateDir }, words),
};

/** @throws {BerthError} `usage.*`. Pure. */
export function parseInstallArgs(argv: readonly string[]): InstallArgs {
  const flags = parseNamed(argv, INSTALL_FLAGS);
  expectNone(flags.rest, "berth systemd install");
  return { folder: flags.value("dir") ?? UNIT_FOLDER };
}

/** The commands, in the order of the help. */
export const SYSTEMD: CommandGroup = {
  name: "systemd",
  usage: "COMMAND",
  summary: "run berth, and jobs, as services",
  more: "A job in a unit has limits, a place in the tree and a log of its own, and systemd watches over it.",
  commands: [INSTALL],
};
