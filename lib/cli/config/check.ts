/**
 * Whether what is configured can be: each value as the parser of its flag has it. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { parseParent } from "../../cgroup/parent.ts";
import { parseRunArgs } from "../run/args.ts";
import {
  CONFIG_FILE,
  flagWords,
  fullName,
  type Layer,
  nameIn,
  type Setting,
  SETTINGS,
  STATE_FOLDER,
} from "./settings.ts";

/** What a layer may not say although its flags may: `undefined` when there is nothing to say against it. */
type Objection = (value: string, layer: Layer) => string | undefined;

const OBJECTIONS: Readonly<Record<string, Objection>> = {
  // What a path in the file is relative to, nobody could know.
  [STATE_FOLDER.key]: (path, { place }) =>
    place === "file" && !path.startsWith("/") ? "is not an absolute path" : undefined,
  image: (image, { place }) =>
    place === "file" && /^[^/].*\/|^\./.test(image)
      ? "is not an absolute path; give it one, or the name of an image"
      : undefined,
  cgroupParent: (parent) =>
    parseParent(parent, "auto").kind === "unit"
      ? "names one scope, which one job can have at a time; give self, or an absolute path like /sys/fs/cgroup/ci"
      : undefined,
};

/** Checks what each place configures, and all of it together. @throws {BerthError} `config.value`. */
export function checkLayers(layers: readonly Layer[], hostMemoryBytes: number): void {
  for (const layer of layers) {
    checkValues(layer, hostMemoryBytes);
    for (const [setting, [value]] of layer.values) {
      const problem = OBJECTIONS[setting.key]?.(value, layer);
      if (problem) throw wrong(layer, `${nameIn(layer, setting)}: ${JSON.stringify(value)} ${problem}`);
    }
  }
  expectMemoryBesideHigh(layers);
}

/** As if all of it were flags; they must go together, too. */
function checkValues(layer: Layer, hostMemoryBytes: number): void {
  const words = [...layer.values].flatMap(([setting, values]) => flagWords(setting, values));
  // The tenant is the job's matter, and without one the parser refuses its limits.
  const isOff = words.includes("--limits=off");
  const tenant = words.some((word) => word.startsWith("--tenant-")) && !isOff ? ["--tenant=any"] : [];
  try {
    parseRunArgs([...tenant, ...words], hostMemoryBytes);
  } catch (error) {
    if (error instanceof BerthError) throw wrong(layer, inTermsOf(layer, error.message), error);
    throw error;
  }
}

/** An image says by itself how much memory its guest has: then a limit could stop jobs that ask for nothing. */
function expectMemoryBesideHigh(layers: readonly Layer[]): void {
  const find = (key: string) => SETTINGS.find((setting) => setting.key === key)!;
  const [memory, high] = [find("memory"), find("memoryHigh")];
  const layer = layers.find(({ values }) => values.has(high));
  if (!layer || layers.some(({ values }) => values.has(memory))) return;
  const reason = "an image's guest may have more";
  throw new BerthError("config.value", `${fullName(layer, high)} needs ${nameIn(layer, memory)} beside it: ${reason}`);
}

/** A message about flags as one about what is configured. */
function inTermsOf(layer: Layer, message: string): string {
  return message.replace(/--([a-z]+(?:-[a-z]+)*)/g, (word, name) => {
    const setting = SETTINGS.find(({ flag }) => flag?.name === name);
    return setting && isSet(layer, setting) ? nameIn(layer, setting) : word;
  });
}

function isSet({ values }: Layer, setting: Setting): boolean {
  return values.has(setting);
}

function wrong(layer: Layer, message: string, cause?: BerthError): BerthError {
  const place = layer.place === "file" ? `${CONFIG_FILE}: ` : "";
  return new BerthError("config.value", place + message, { cause });
}
