/**
 * What a front process does first with a command: it reads the host's configuration, so that the host process need know
 * nothing of it.
 *
 * @module
 */

import { BerthError, describeError } from "../../base/errors.ts";
import { expectOwnFolders, foldersToOwn } from "../../files/own_folder.ts";
import { hasWindows } from "../../host/windows.ts";
import type { Configured } from "./check.ts";
import { CONFIG_FILE, type Configurable, environmentLayer, type Layer, SETTINGS, STATE_FOLDER } from "./settings.ts";
import { readSurroundings, readVariables, type Surroundings } from "./surroundings.ts";

/** What a command is to do, and where. */
export interface Call {
  readonly argv: readonly string[];
  readonly surroundings: Surroundings;
}

export type { Configurable };

/** What is configured on this host, and the surroundings with it. */
export interface Configuration {
  /** What counts most stands first. */
  readonly values: readonly Configured[];
  readonly surroundings: Surroundings;
}

/** Reads and checks what is configured. For the front process. @throws {BerthError} `config.*`. */
export async function readConfiguration(mainModule: string): Promise<Configuration> {
  const layers = await readLayers();
  const [state] = layers.flatMap(({ values }) => values.get(STATE_FOLDER) ?? []);
  const surroundings = readSurroundings(mainModule, state);
  const [environment, file] = layers;
  // Nothing more is loaded where nothing more is configured.
  if (!file && [...environment.values.keys()].every((setting) => setting === STATE_FOLDER)) {
    return { values: [], surroundings };
  }
  const { readLayerValues } = await import("./check.ts");
  return { values: readLayerValues(layers, surroundings.hostMemoryBytes), surroundings };
}

/**
 * Reads the surroundings, and puts what is configured into the words that a host process is started with.
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
  const { values, surroundings } = await readConfiguration(mainModule);
  if (values.length === 0) return { argv, surroundings };
  const { withSettings } = await import("./words.ts");
  return { argv: withSettings(argv, command, values), surroundings };
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
