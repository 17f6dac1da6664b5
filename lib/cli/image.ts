/**
 * `berth image`: which of its commands it is. The front process reads the command line and starts the host process,
 * which reads it again and does it.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { didYouMean } from "../base/nearest.ts";
import { runFront } from "../host/front.ts";
import { hasWindows, STATE } from "../host/windows.ts";
import { Console } from "./console.ts";
import { BUILD } from "./image_build.ts";
import type { ImageCommand } from "./image_command.ts";
import { commandHelp, imageHelp } from "./image_help.ts";
import { INSPECT } from "./image_inspect.ts";
import { LS } from "./image_ls.ts";
import { PRUNE } from "./image_prune.ts";
import { RM } from "./image_rm.ts";
import { readSurroundings } from "./surroundings.ts";

/** The commands, in the order of the help. */
// deno-lint-ignore no-explicit-any -- each has arguments of its own, which go from its parse to its act only
const COMMANDS: readonly ImageCommand<any>[] = [LS, BUILD, INSPECT, RM, PRUNE];

/** Runs the command and returns the exit status. */
export async function image(argv: readonly string[], mainModule: string): Promise<number> {
  const asked = parseImageArgs(argv);
  if ("help" in asked) {
    console.log(asked.help.trimEnd());
    return 0;
  }
  const { command, args } = asked;
  const surroundings = readSurroundings(mainModule);
  if (!hasWindows()) {
    const { windows } = command;
    return await runFront({ ...surroundings, args: ["image", ...argv], env: surroundings.hostEnv, windows });
  }
  const words = new Console(command.isQuiet?.(args) ?? false, [[STATE, surroundings.stateDir]]);
  try {
    await command.act(args, { words, stateDir: surroundings.stateDir });
    return 0;
  } catch (error) {
    words.error(error);
    return 125;
  }
}

/** A command and what it is given, or a help text. @throws {BerthError} `usage.*`. Pure. */
export function parseImageArgs(
  [name, ...rest]: readonly string[],
  // deno-lint-ignore no-explicit-any -- as above
): { readonly command: ImageCommand<any>; readonly args: any } | { readonly help: string } {
  if (name === undefined || name === "--help" || name === "help") return { help: imageHelp(COMMANDS) };
  const command = COMMANDS.find((one) => one.name === name);
  if (!command) {
    const near = didYouMean(name, COMMANDS.map((one) => one.name));
    const what = name.startsWith("-") ? `${name} is not a flag of it` : `"${name}" is not a command of it`;
    throw new BerthError("usage.image", `berth image: ${what}${near}`);
  }
  const own = rest.slice(0, rest.includes("--") ? rest.indexOf("--") : rest.length);
  return own.includes("--help") ? { help: commandHelp(command) } : { command, args: command.parse(rest) };
}
