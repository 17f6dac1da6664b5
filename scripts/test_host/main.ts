/**
 * `deno task test:host`: runs `tests/host` as root inside a disposable VM that has what a CI host has:
 * systemd, unified cgroup v2 with all controllers, KVM and vsock. See {@linkcode usage}.
 *
 * Exit status: 0 only if the tests passed and the guest said so, 130, 143 or 129 if cancelled, else 1.
 * The permission set `test-host` lets it run `setpriv` alone, which starts everything else.
 *
 * @module
 */
import { parseArguments, usage } from "./arguments.ts";
import { Cancelled, TestHostError } from "./failure.ts";
import { type Places, type RunResult, runTestHost } from "./run.ts";
import { writeAll } from "./session.ts";
import { lastLines, withoutShutdown } from "./verdict.ts";
import { Bound } from "./wait.ts";

const cacheRoot = "/var/cache/berth-test-host";

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const encoder = new TextEncoder();

/** Whether the tests' output stopped in the middle of a line, which our own words must not continue. */
let isLineOpen = false;

function output(chunk: Uint8Array): void {
  writeAll(Deno.stdout, chunk);
  isLineOpen = chunk.at(-1) !== 10;
}

function print(line: string): void {
  output(encoder.encode(`${isLineOpen ? "\n" : ""}${line}\n`));
}

function say(line: string): void {
  if (isLineOpen) output(encoder.encode("\n"));
  writeAll(Deno.stderr, encoder.encode(`test host: ${line}\n`));
}

/** An abort signal that INT, TERM and HUP set off; the first one counts. */
function cancelOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {
      controller.abort(new Cancelled(exitCodes[signal], signal));
    });
  }
  return controller.signal;
}

/** Prints the verdict, for a bad one with the console's last lines, and the counts as the very last line. */
function report({ verdict, console }: RunResult): number {
  const isPassed = verdict.kind === "passed";
  if (!isPassed) say(`${verdict.kind}: ${verdict.message}`);
  if (!isPassed && verdict.kind !== "failed") {
    const log = verdict.kind === "timed-out" ? withoutShutdown(console) : console;
    say(`the last lines of the guest's console:\n${lastLines(log, 30) || "(none)"}`);
  }
  print(`${verdict.passed} passed, ${verdict.failed} failed`);
  return isPassed ? 0 : 1;
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes("--help")) {
    print(usage);
    return 0;
  }
  try {
    const options = parseArguments(argv);
    const scripts = import.meta.dirname!;
    const project = scripts.replace(/\/scripts\/test_host$/, "");
    const binary = Deno.env.get("BERTH_BINARY");
    const require = Deno.env.get("BERTH_TEST_REQUIRE") === "1" ? "1" : "";
    const places: Places = { project, scripts, cacheRoot, deno: Deno.execPath(), binary, require };
    const bound = new Bound(options.timeoutMs, cancelOnSignals());
    return report(await runTestHost(options, places, { say, output }, bound));
  } catch (error) {
    return reportError(error);
  }
}

function reportError(error: unknown): number {
  if (error instanceof SuppressedError) {
    // The work failed, and then so did the tidying up: the work's error decides.
    reportError(error.error);
    return reportError(error.suppressed);
  }
  if (!(error instanceof TestHostError)) throw error;
  say(error.message);
  return error instanceof Cancelled ? error.exitCode : 1;
}

Deno.exit(await main(Deno.args));
