/**
 * What `berth setup` does, from source: installs what berth needs of the host and the host lacks.
 *
 * Where it can't (not root, not Debian or Ubuntu), it prints the exact command and ends with status 125. `--tests` adds
 * what only the tests and the benchmark need. Says nothing when nothing is missing.
 *
 * @module
 */

import { describeError } from "../lib/base/errors.ts";
import { STATUS } from "../lib/base/exit_status.ts";
import { HOST_PROGRAMS, type HostProgram } from "../lib/host/programs.ts";
import { setUpHost } from "../lib/app/setup.ts";

/** What only the tests and the benchmark run on top. */
const TEST_PROGRAMS: readonly HostProgram[] = [
  { program: "as", package: "binutils", purpose: "assembles the probe guest, to compare" },
  {
    program: "dpkg-source",
    package: "dpkg-dev",
    purpose: "packs berth, and unpacks the source package that a test builds",
  },
  { program: "groff", package: "groff-base", purpose: "sets the man page" },
  { program: "lintian", package: "lintian", purpose: "looks for errors in berth's package" },
  { program: "zsh", package: "zsh", purpose: "runs the completions that are made for it" },
  { program: "fish", package: "fish", purpose: "runs the completions that are made for it" },
];

// Words go to stderr: stdout belongs to the job.
const say = (line: string) => console.error(`berth: ${line}`);
const wanted = Deno.args.includes("--tests") ? [...HOST_PROGRAMS, ...TEST_PROGRAMS] : HOST_PROGRAMS;
try {
  if (!await setUpHost(wanted, Deno.uid() === 0, say)) Deno.exit(STATUS.notDone);
} catch (error) {
  say(describeError(error));
  Deno.exit(STATUS.notDone);
}
