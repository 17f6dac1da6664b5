/**
 * Sizes and durations as people write them.
 *
 * @module
 */

import { BerthError } from "./errors.ts";

const BYTES: Record<string, number> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };
const MILLIS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** setTimeout takes 31 bits of milliseconds (24.8 days) and fires at once beyond. */
export const LONGEST_TIMER_MS = 0x7fffffff;

/**
 * Parses a size: a whole number with `K`, `M` or `G` (powers of 1024), or bytes without a letter.
 *
 * @example
 * ```ts
 * import { parseSize } from "./units.ts";
 * parseSize("512M", "--memory"); // 536870912
 * ```
 */
export function parseSize(text: string, name: string): number {
  const match = /^(\d{1,15})([KMG]?)$/.exec(text);
  if (!match) throw new BerthError("usage.value", `${name}: "${text}" is not a size; write 512M or 2G`);
  const bytes = Number(match[1]) * BYTES[match[2]];
  if (!Number.isSafeInteger(bytes)) throw new BerthError("usage.value", `${name}: ${text} is too large`);
  return bytes;
}

/** Parses how long to wait, in milliseconds: a positive number with `s`, `m`, `h` or `d`, as in `90s`, `1.5h`. */
export function parseDuration(text: string, name: string): number {
  const millis = parseAge(text, name, "90s, 10m or 2h");
  if (millis > LONGEST_TIMER_MS) throw new BerthError("usage.value", `${name}: ${text} is longer than 24 days`);
  return millis;
}

/** Parses how long ago something was, in milliseconds; it may be as long as one likes, as in `30d`. */
export function parseAge(text: string, name: string, examples = "12h, 30d or 365d"): number {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)([smhd])$/.exec(text);
  const millis = match ? Math.round(Number(match[1]) * MILLIS[match[2]]) : NaN;
  if (millis > 0) return millis;
  throw new BerthError("usage.value", `${name}: "${text}" is not a positive duration; write ${examples}`);
}

/** Parses a whole number within inclusive bounds. */
export function parseCount(text: string, name: string, least: number, most: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new BerthError("usage.value", `${name}: "${text}" is not a whole number from ${least} to ${most}`);
}

/** A size as {@linkcode parseSize} reads it, in the largest unit that it is a whole number of. */
export function writeSize(bytes: number): string {
  return inWhole(bytes, BYTES);
}

/** A duration as {@linkcode parseDuration} reads it, in the largest unit that it is a whole number of. */
export function writeDuration(millis: number): string {
  return inWhole(millis, MILLIS);
}

/** @param units from the smallest to the largest. */
function inWhole(value: number, units: Readonly<Record<string, number>>): string {
  const [unit, size] = Object.entries(units).findLast(([, size]) => value >= size && value % size === 0) ??
    Object.entries(units)[0];
  return `${value / size}${unit}`;
}

/** A size for people, as in `1.5 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  let power = 0;
  while (bytes >= 1024 && power < units.length - 1) {
    bytes /= 1024;
    power++;
  }
  return `${Number(bytes.toFixed(1))} ${units[power]}`;
}

/** A duration for people, as in `2.5 s`. */
export function formatMillis(millis: number): string {
  return millis < 1000 ? `${Math.round(millis)} ms` : `${Number((millis / 1000).toFixed(1))} s`;
}

/** How long ago something was, for people: the largest unit that there is one of, as in `3 d`. */
export function formatAge(millis: number): string {
  const [unit, length] =
    [["d", MILLIS.d], ["h", MILLIS.h], ["min", MILLIS.m]].find(([, length]) => millis >= +length) ??
      ["s", MILLIS.s];
  return `${Math.max(0, Math.floor(millis / +length))} ${unit}`;
}
