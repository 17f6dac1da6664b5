/**
 * Installs what berth needs of the host and the host lacks.
 *
 * Where it can't (not root, not Debian or Ubuntu), it prints the exact command and ends with status 125. `--tests` adds
 * what only the tests and the benchmark need. Says nothing when nothing is missing.
 *
 * @module
 */

import { HOST_PATH, HOST_PROGRAMS, type HostProgram } from "../lib/host/programs.ts";

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

function output(script: string, ...args: string[]): string {
  const command = new Deno.Command("sh", {
    args: ["-c", script, "sh", ...args],
    clearEnv: true,
    env: { PATH: HOST_PATH },
  });
  return new TextDecoder().decode(command.outputSync().stdout);
}

function missing(programs: readonly HostProgram[]): HostProgram[] {
  const names = programs.map(({ program }) => program);
  const absent = output('for name; do command -v "$name" >/dev/null || echo "$name"; done', ...names).split("\n");
  // The package busybox has a busybox, too, but a dynamically linked one; berth's guest has no libraries.
  const dynamic = output("grep -q /lib64/ld-linux /bin/busybox && echo busybox").trim();
  return programs.filter(({ program }) => absent.includes(program) || program === dynamic);
}

function say(text: string): void {
  console.error(`berth: ${text}`);
}

function install(lacking: readonly HostProgram[]): number {
  for (const { program, package: name, purpose } of lacking) {
    say(`this host lacks ${program} (${name}), which ${purpose}`);
  }
  const packages = [...new Set(lacking.map((one) => one.package))];
  const command = `apt-get update && apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  const hasApt = output("command -v apt-get").trim() !== "";
  if (!hasApt || Deno.uid() !== 0) {
    say(
      hasApt
        ? `install it as root:\n\n  ${command}\n`
        : `install these Debian packages' equivalents: ${packages.join(" ")}`,
    );
    return 125;
  }
  say(`running: ${command}`);
  const child = new Deno.Command("sh", {
    // Its words go to stderr: stdout belongs to the job.
    args: ["-c", `{ ${command}; } >&2`],
    clearEnv: true,
    env: { PATH: HOST_PATH, DEBIAN_FRONTEND: "noninteractive" },
    stdout: "inherit",
    stderr: "inherit",
  });
  const { code } = child.outputSync();
  if (code !== 0) say(`the installation failed with status ${code}; run the command above by hand to see why`);
  return code === 0 ? 0 : 125;
}

const wanted = Deno.args.includes("--tests") ? [...HOST_PROGRAMS, ...TEST_PROGRAMS] : HOST_PROGRAMS;
const lacking = missing(wanted);
if (lacking.length) Deno.exit(install(lacking));
