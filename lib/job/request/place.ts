/**
 * Where a value of a request stands: on a command line, in the host's configuration, or in a request's own JSON. Messages
 * about the value are in the terms of that place.
 *
 * @module
 */

import { writeSize } from "../../base/units.ts";

/** A place, as messages need to know it. */
export interface Place {
  /** The value's name there: `--memory`, `BERTH_MEMORY`, `memoryBytes`. */
  readonly name: string;
  /** The value as it was written; undefined in JSON, where the value itself shows that. */
  readonly text?: string;
  /** The place of a part: a key of an object, or the index of a list. */
  at(part: string | number): Place;
  /** A size as it is written there. @param unit the letter that people would take. */
  size(bytes: number, unit?: "M"): string;
}

/** Checks a value. @returns it as it is to be used. @throws {BerthError} `usage.value`. */
export type Rule<T> = (value: T, place: Place) => T;

/** A place in JSON. @param name its path, as in `volumes[0].mountPoint`. */
export function jsonPlace(name: string): Place {
  return {
    name,
    at: (part) => jsonPlace(typeof part === "number" ? `${name}[${part}]` : name ? `${name}.${part}` : part),
    size: String,
  };
}

/**
 * The place of texts that a flag takes: the parts of a value are within its one text.
 *
 * @param texts all that was given; only a flag that repeats has several.
 */
export function textPlace(name: string, texts: readonly string[]): Place {
  return {
    name,
    text: texts[0],
    at: (part) => textPlace(name, typeof part === "number" ? [texts[part]] : texts),
    size: (bytes, unit) => unit ? `${Math.floor(bytes / 1024 ** 2)}${unit}` : writeSize(bytes),
  };
}

/** A value for a message. */
export function shown(value: unknown, { text }: Place): string {
  return text === undefined ? JSON.stringify(value) : `"${text}"`;
}
