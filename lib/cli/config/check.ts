/**
 * What is configured, read: each value as its flag's is, and all of a place together. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { isScope } from "../../job/request/group.ts";
import { checkTogether } from "../../job/request/together.ts";
import type { JobFlag } from "../line/flag.ts";
import { askedBy, type Given, readGiven } from "../line/given.ts";
import { CONFIG_FILE, fullName, type Layer, nameIn, type Setting, SETTINGS, STATE_FOLDER } from "./settings.ts";

/** A value that is configured. */
export interface Configured extends Given {
  readonly flag: JobFlag;
  /** Its texts, as they stand there. */
  readonly texts: readonly string[];
  /** What it is called in a message that does not begin with its place. */
  readonly fullName: string;
}

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
    isScope(parent)
      ? "names one scope, which one job can have at a time; give self, or an absolute path like /sys/fs/cgroup/ci"
      : undefined,
};

/**
 * Reads what each place configures, and checks it: each value, and all of a place together.
 *
 * @param layers what counts most stands first. @returns the values in the same order; the state folder is none of a job's.
 * @throws {BerthError} `config.value`.
 */
export function readLayerValues(layers: readonly Layer[], hostMemoryBytes: number): Configured[] {
  const all = layers.flatMap((layer) => readLayer(layer, hostMemoryBytes));
  expectMemoryBesideHigh(layers);
  return all;
}

function readLayer(layer: Layer, hostMemoryBytes: number): Configured[] {
  try {
    const read = [...layer.values].flatMap(([setting, texts]) => readSetting(layer, setting, texts));
    checkTogether(askedBy(new Map(read.map((one) => [one.key, one]))), hostMemoryBytes);
    for (const [setting, [text]] of layer.values) {
      const problem = OBJECTIONS[setting.key]?.(text, layer);
      if (problem) {
        throw new BerthError("config.value", `${nameIn(layer, setting)}: ${JSON.stringify(text)} ${problem}`);
      }
    }
    return read;
  } catch (error) {
    if (!(error instanceof BerthError)) throw error;
    const place = layer.place === "file" ? `${CONFIG_FILE}: ` : "";
    throw new BerthError("config.value", place + error.message, { cause: error });
  }
}

function readSetting(layer: Layer, setting: Setting, texts: readonly string[]): Configured[] {
  const { flag } = setting;
  if (!flag || texts.length === 0) return [];
  return [{ ...readGiven(flag, texts, nameIn(layer, setting)), flag, texts, fullName: fullName(layer, setting) }];
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
