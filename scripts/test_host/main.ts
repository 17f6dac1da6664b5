/**
 * `deno task test:host`: runs `tests/host` as root inside a disposable VM that has what a CI host has:
 * systemd, unified cgroup v2 with all controllers, KVM and vsock. See {@linkcode USAGE}.
 *
 * Exit status: 0 only if the tests passed and the guest said so, 130, 143 or 129 if cancelled, else 1.
 * The permission set `test-host` lets it run `setpriv` alone, which starts everything else.
 *
 * @module
 */
import { BerthError } from "../../lib/base/errors.ts";
import { parseArguments, USAGE } from "./arguments.ts";
import { runOrRepeat } from "./repeat.ts";
import { type Places, type RunResult, runTestHost } from "./run.ts";
import { writeAll } from "./session.ts";
import { lastLines, withoutShutdown } from "./verdict.ts";
import { Bound } from "./wait.ts";

const CACHE_ROOT = "/var/cache/berth-test-host";

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const ENCODER = new TextEncoder();

/** The user's INT, TERM or HUP, with the exit status that a shell gives for it. */
class Cancelled extends BerthError {
  constructor(readonly exitCode: number, signal: Deno.Signal) {
    super("wait.cancelled", `cancelled by ${signal}`);
  }
}

/** Whether the tests' output stopped in the middle of a line, which our own words must not continue. */
let isLineOpen = false;

function output(chunk: Uint8Array): void {
  writeAll(Deno.stdout, chunk);
  isLineOpen = chunk.at(-1) !== 10;
}

function print(line: string): void {
  output(ENCODER.encode(`${isLineOpen ? "\n" : ""}${line}\n`));
}

function say(line: string): void {
  if (isLineOpen) output(ENCODER.encode("\n"));
  writeAll(Deno.stderr, ENCODER.encode(`test host: ${line}\n`));
}

/** An abort signal that INT, TERM and HUP set off; the first one counts. */
function cancelOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {
      controller.abort(new Cancelled(EXIT_CODES[signal], signal));
    });
  }
  return controller.signal;
}

/** Says what is wrong, with the console's last lines. */
function explain({ verdict, console }: RunResult): void {
  if (verdict.kind === "passed") return;
  say(`${verdict.kind}: ${verdict.message}`);
  if (verdict.kind === "failed") return;
  const log = verdict.kind === "timed-out" ? withoutShutdown(console) : console;
  say(`the last lines of the guest's console:\n${lastLines(log, 30) || "(none)"}`);
}

/** Prints the verdict, and the counts as the very last line. */
function report(result: RunResult): number {
  explain(result);
  const { kind, passed, failed } = result.verdict;
  print(`${passed} passed, ${failed} failed`);
  return kind === "passed" ? 0 : 1;
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes("--help")) {
    print(USAGE);
    return 0;
  }
  try {
    const options = parseArguments(argv);
    const scripts = import.meta.dirname!;
    const project = scripts.replace(/\/scripts\/test_host$/, "");
    const binary = Deno.env.get("BERTH_BINARY");
    const require = Deno.env.get("BERTH_TEST_REQUIRE") === "1" ? "1" : "";
    const places: Places = { project, scripts, cacheRoot: CACHE_ROOT, deno: Deno.execPath(), binary, require };
    const bound = new Bound(options.timeoutMs, cancelOnSignals());
    const run = () => runTestHost(options, places, { say, output }, bound);
    return report(
      await runOrRepeat(run, (result) => {
        explain(result);
        say("this host's emulated KVM broke it, which says nothing of the tests: all of them once more");
      }),
    );
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
  if (!(error instanceof BerthError)) throw error;
  say(error.message);
  return error instanceof Cancelled ? error.exitCode : 1;
}

Deno.exit(await main(Deno.args));
