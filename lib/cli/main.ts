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
import { type CommandName, COMMANDS } from "./line/commands.ts";
import type { CommandGroup } from "./line/subcommand.ts";
import { SETUP_FLAGS } from "./line/flags.ts";
import {
  COMMANDS_NOT_YET,
  completionsHelp,
  gcHelp,
  helpOf,
  mainHelp,
  runHelp,
  serveHelp,
  updateHelp,
} from "./line/help.ts";

const STATUS_USAGE = 125;

/** Runs a command's own words and returns the exit status. @param onPoint told of each point in the life of a job. */
type Act = (words: readonly string[], mainModule: string, onPoint?: OnPoint) => Promise<number>;

/** A command: its code is loaded only when it is called. */
interface Command {
  /** What `--help` right behind its name prints; absent: it has commands, and looks for that by itself. */
  readonly help?: () => string | Promise<string>;
  readonly load: () => Promise<Act>;
}

/** A command that has commands. */
function group(load: () => Promise<CommandGroup>): Command {
  return {
    load: async () => {
      const [commands, { runSubcommand }] = await Promise.all([load(), import("./subcommands.ts")]);
      return (words, mainModule) => runSubcommand(commands, words, mainModule);
    },
  };
}

/** How each of the commands is done. */
const ACTS: Readonly<Record<CommandName, Command>> = {
  run: { help: runHelp, load: async () => (await import("./run/run.ts")).run },
  update: { help: updateHelp, load: async () => (await import("./update.ts")).update },
  image: group(async () => (await import("./image/image.ts")).IMAGE),
  cache: group(async () => (await import("./cache.ts")).CACHE),
  gc: { help: gcHelp, load: async () => (await import("./gc/gc.ts")).gc },
  setup: { help: () => helpOf("setup", SETUP_FLAGS), load: async () => (await import("./setup.ts")).setup },
  doctor: {
    help: async () => (await import("./doctor/flags.ts")).doctorHelp(),
    load: async () => (await import("./doctor/doctor.ts")).doctor,
  },
  serve: { help: serveHelp, load: async () => (await import("./serve.ts")).serveCommand },
  systemd: group(async () => (await import("./systemd.ts")).SYSTEMD),
  config: group(async () => (await import("./config/config.ts")).CONFIG),
  completions: {
    help: completionsHelp,
    load: async () => {
      const { completions } = await import("./completions.ts");
      return async (words) => await print(completions(words));
    },
  },
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
  if (command === "--help") return print(mainHelp());
  if (command === "help") {
    const [name, ...more] = rest;
    // Of a command that has commands it may be about one of these.
    if (isCommand(name)) return await dispatch([name, ...(ACTS[name].help ? [] : more), "--help"], mainModule);
    return print((await import("./help.ts")).helpText(rest));
  }
  if (isCommand(command)) {
    const { help, load } = ACTS[command];
    if (help && wantsHelp(rest)) return print(await help());
    return await (await load())(rest, mainModule, onPoint);
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

function isCommand(word: string | undefined): word is CommandName {
  return word !== undefined && Object.hasOwn(ACTS, word);
}

/** Whether help is asked for; a `--help` further behind may be the job's own. */
function wantsHelp(args: readonly string[]): boolean {
  return args[0] === "--help";
}

function print(text: string): number {
  console.log(text.trimEnd());
  return 0;
}
