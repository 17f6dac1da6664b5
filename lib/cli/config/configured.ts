/**
 * What the front process does first with a command: it reads the host's configuration and puts it into the command line,
 * so that the host process, which reads that again, need know nothing of it.
 *
 * @module
 */

import { BerthError, describeError } from "../../base/errors.ts";
import { expectOwnFolders, foldersToOwn } from "../../files/own_folder.ts";
import { hasWindows } from "../../host/windows.ts";
import type { Target } from "./merge.ts";
import { Console } from "../terminal/console.ts";
import { CONFIG_FILE, environmentLayer, type Layer, SETTINGS, STATE_FOLDER } from "./settings.ts";
import { readSurroundings, readVariables, type Surroundings } from "./surroundings.ts";

/** What a command is to do, and where. */
export interface Call {
  readonly argv: readonly string[];
  readonly surroundings: Surroundings;
}

/** A command, with what its parser has to know. */
export interface Configurable extends Omit<Target, "parse"> {
  parse(argv: readonly string[], surroundings: Surroundings): unknown;
}

/**
 * Reads the surroundings, and puts what is configured into the command line.
 *
 * @throws {BerthError} `config.*`, `usage.*`.
 */
export async function readCall(argv: readonly string[], command: Configurable, mainModule: string): Promise<Call> {
  // The front process has put everything into what it hands on.
  if (hasWindows()) {
    const surroundings = readSurroundings(mainModule);
    // The doctor tells it, with all that else is wrong.
    if (command.name !== "doctor") await expectOwnFolders(surroundings.uid, foldersToOwn(surroundings.stateDir));
    return { argv, surroundings };
  }
  const layers = await readLayers();
  const [state] = layers.flatMap(({ values }) => values.get(STATE_FOLDER) ?? []);
  const surroundings = readSurroundings(mainModule, state);
  const [environment, file] = layers;
  // Nothing more is loaded where nothing more is configured.
  if (!file && [...environment.values.keys()].every((setting) => setting === STATE_FOLDER)) {
    return { argv, surroundings };
  }
  const { checkLayers } = await import("./check.ts");
  checkLayers(layers, surroundings.hostMemoryBytes);
  const { mergeSettings } = await import("./merge.ts");
  const parse = (words: readonly string[]) => command.parse(words, surroundings);
  const merged = mergeSettings(argv, { ...command, parse }, layers);
  await using words = new Console(merged.quiet);
  for (const note of merged.notes) words.note(note);
  return { argv: merged.argv, surroundings };
}

/** What is configured, by whom; what counts most stands first. @throws {BerthError} `config.file`. */
export async function readLayers(): Promise<Layer[]> {
  const environment = environmentLayer(readVariables(SETTINGS.map(({ variable }) => variable)));
  const text = readConfigFile();
  if (text === undefined) return [environment];
  const { parseConfigFile } = await import("./file.ts");
  return [environment, parseConfigFile(text)];
}

/** The file's text; undefined when there is none. */
function readConfigFile(): string | undefined {
  try {
    return Deno.readTextFileSync(CONFIG_FILE);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    const reason = describeError(error).replace(/ \(os error.*$/s, "");
    throw new BerthError("config.file", `${CONFIG_FILE} can't be read: ${reason}`, { cause: error });
  }
}
