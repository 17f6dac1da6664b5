/**
 * Which command it is. What a command needs is loaded only when it is called, so that `--version` is at once.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { BerthError } from "../base/errors.ts";
import type { OnPoint } from "../job/points.ts";
import { didYouMean } from "../base/nearest.ts";
import { Console } from "./terminal/console.ts";
import { COMMANDS } from "./line/commands.ts";
import {
  COMMANDS_NOT_YET,
  completionsHelp,
  gcHelp,
  helpOf,
  mainHelp,
  runHelp,
  serveHelp,
  SETUP_FLAGS,
  updateHelp,
} from "./line/flags.ts";

const STATUS_USAGE = 125;

/** Commands that have commands. */
const GROUPS = {
  image: async () => (await import("./image/image.ts")).IMAGE,
  cache: async () => (await import("./cache.ts")).CACHE,
  systemd: async () => (await import("./systemd.ts")).SYSTEMD,
  config: async () => (await import("./config/config.ts")).CONFIG,
};

/** Runs a command line and returns the exit status. @param onPoint told of each point in the life of a job. */
export async function main(argv: readonly string[], mainModule: string, onPoint?: OnPoint): Promise<number> {
  try {
    return await dispatch(argv, mainModule, onPoint);
  } catch (error) {
    await using console = new Console(false);
    console.error(error);
    return STATUS_USAGE;
  }
}

async function dispatch(argv: readonly string[], mainModule: string, onPoint?: OnPoint): Promise<number> {
  const [command, ...rest] = argv;
  if (argv.some((word) => word.includes("\uFFFD"))) {
    const { expectArgumentsAsGiven } = await import("../host/caller.ts");
    await expectArgumentsAsGiven(argv);
  }
  if (command === "--version") return print(rest[0] === "--json" ? versionJson() : `berth ${config.version}`);
  if (command === "--help" || command === "help") return print(mainHelp());
  if (command === "run") {
    if (wantsHelp(rest)) return print(runHelp());
    const { run } = await import("./run/run.ts");
    return await run(rest, mainModule, onPoint);
  }
  if (command === "update") {
    if (wantsHelp(rest)) return print(updateHelp());
    const { update } = await import("./update.ts");
    return await update(rest, mainModule);
  }
  if (command === "gc") {
    if (wantsHelp(rest)) return print(gcHelp());
    const { gc } = await import("./gc/gc.ts");
    return await gc(rest, mainModule);
  }
  if (command === "setup") {
    if (wantsHelp(rest)) return print(helpOf("setup", SETUP_FLAGS));
    const { setup } = await import("./setup.ts");
    return await setup(rest);
  }
  if (command === "doctor") {
    if (wantsHelp(rest)) return print((await import("./doctor/flags.ts")).doctorHelp());
    const { doctor } = await import("./doctor/doctor.ts");
    return await doctor(rest, mainModule);
  }
  if (command === "serve") {
    if (wantsHelp(rest)) return print(serveHelp());
    const { serveCommand } = await import("./serve.ts");
    return await serveCommand(rest, mainModule);
  }
  if (command !== undefined && Object.hasOwn(GROUPS, command)) {
    const [group, { runSubcommand }] = await Promise.all([
      GROUPS[command as keyof typeof GROUPS](),
      import("./subcommands.ts"),
    ]);
    return await runSubcommand(group, rest, mainModule);
  }
  if (command === "completions") {
    if (wantsHelp(rest)) return print(completionsHelp());
    const { completions } = await import("./completions.ts");
    return print(completions(rest));
  }
  if (command === undefined) throw new BerthError("usage.command", "there is no command");
  if (COMMANDS_NOT_YET.includes(command)) throw new BerthError("usage.not-yet", `berth ${command} is not there yet`);
  const known = [...Object.keys(COMMANDS), ...COMMANDS_NOT_YET];
  throw new BerthError("usage.command", `unknown command "${command}"${didYouMean(command, known)}`);
}

/** The version, and what berth runs on. The digest stands in the configuration of what was compiled, and only there. */
function versionJson(): string {
  const { version, runtimeSha256 = null } = config as { version: string; runtimeSha256?: string };
  const name = Deno.build.standalone ? "denort" : "deno";
  return JSON.stringify({ version, runtime: { name, version: Deno.version.deno, sha256: runtimeSha256 } }, null, 2);
}

/** Whether help is asked for; a `--help` further behind may be the job's own. */
function wantsHelp(args: readonly string[]): boolean {
  return args[0] === "--help";
}

function print(text: string): number {
  console.log(text.trimEnd());
  return 0;
}
