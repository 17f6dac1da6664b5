/**
 * `berth setup`: installs what jobs need of the host. Nothing of berth's has to work for it but a shell.
 *
 * @module
 */

import { HOST_PROGRAMS } from "../host/programs.ts";
import { setUpHost } from "../app/setup.ts";
import { Console } from "./terminal/console.ts";
import { SETUP_FLAGS } from "./line/flags.ts";
import { expectNone } from "./line/subcommand.ts";
import { parseFlags } from "./line/parse.ts";

const STATUS_LACKS = 125;

/** Runs the command and returns the exit status. @throws {BerthError} `usage.*`, `process.failed`. */
export async function setup(argv: readonly string[]): Promise<number> {
  const flags = parseFlags(argv, SETUP_FLAGS);
  expectNone(flags.rest, "berth setup");
  await using console = new Console(false);
  const installs = Deno.uid() === 0 && !flags.has("check");
  if (!await setUpHost(HOST_PROGRAMS, installs, (line) => console.note(line))) return STATUS_LACKS;
  console.note("this host has all programs that berth needs; berth doctor looks at the rest");
  return 0;
}
