/**
 * Which command it is. What a command needs is loaded only when it is called, so that `--version` is at once.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { BerthError } from "../base/errors.ts";
import { STATUS } from "../base/exit_status.ts";
import { didYouMean } from "../base/nearest.ts";
import { COMMANDS, COMMANDS_NOT_YET } from "./commands.ts";
import type { LoadCommand, Program } from "./line/command.ts";
import { Console } from "./terminal/console.ts";

/** Runs a command line and returns the exit status. */
export async function main(argv: readonly string[], mainModule: string): Promise<number> {
  try {
    return await dispatch(argv, { mainModule, commands: COMMANDS });
  } catch (error) {
    await using console = new Console(false);
    console.error(error);
    return STATUS.notDone;
  }
}

async function dispatch(argv: readonly string[], program: Program): Promise<number> {
  const [name, ...rest] = argv;
  if (argv.some((word) => word.includes("\uFFFD"))) {
    const { expectArgumentsAsGiven } = await import("../host/caller.ts");
    await expectArgumentsAsGiven(argv);
  }
  if (name === "--version") return print(rest[0] === "--json" ? await versionJson() : `berth ${config.version}`);
  if (name === "--help") {
    const [{ loadTree }, { mainHelp }] = await Promise.all([
      import("./line/command_tree.ts"),
      import("./line/help.ts"),
    ]);
    return print(mainHelp((await loadTree(COMMANDS)).commands));
  }
  const command = await expectCommand(name)();
  const { findCommand } = await import("./line/find.ts");
  const found = findCommand(command, rest);
  if ("help" in found) return print(found.help);
  return await (await import("./call.ts")).callCommand(found, found.words, program);
}

/** @throws {BerthError} `usage.command`, `usage.not-yet`. */
function expectCommand(name: string | undefined): LoadCommand {
  if (name === undefined) throw new BerthError("usage.command", "there is no command");
  if (Object.hasOwn(COMMANDS, name)) return COMMANDS[name as keyof typeof COMMANDS];
  if (COMMANDS_NOT_YET.includes(name)) throw new BerthError("usage.not-yet", `berth ${name} is not there yet`);
  const known = [...Object.keys(COMMANDS), ...COMMANDS_NOT_YET];
  throw new BerthError("usage.command", `unknown command "${name}"${didYouMean(name, known)}`);
}

/** The version, and what berth runs on. The digest stands in the configuration of what was compiled, and only there. */
async function versionJson(): Promise<string> {
  const { toJson } = await import("./terminal/json.ts");
  const { version, runtimeSha256 = null } = config as { version: string; runtimeSha256?: string };
  const name = Deno.build.standalone ? "denort" : "deno";
  return toJson({ version, runtime: { name, version: Deno.version.deno, sha256: runtimeSha256 } }, 2);
}

function print(text: string): number {
  console.log(text.trimEnd());
  return 0;
}
