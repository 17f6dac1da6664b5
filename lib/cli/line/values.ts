/**
 * Values of flags that more than one command takes. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { parseCount, parseSize } from "../../base/units.ts";
import type { UidRange } from "../../job/spec.ts";
import type { ParsedFlags } from "./parse.ts";

/** Debian's kernel and the agent boot in 96 MiB, and not in 80. */
const LEAST_MEMORY_BYTES = 96 * 1024 ** 2;

/** The kernel's largest is -1 for some system calls, and the one before is nobody's in 32 bits. */
const MOST_UID = 2 ** 32 - 3;

/** What a flag's text means; undefined when the flag was not given. */
export function optional<T>(text: string | undefined, parse: (text: string) => T): T | undefined {
  return text === undefined ? undefined : parse(text);
}

/** An object without its undefined fields, so that absent is absent for whoever counts them. */
export function withoutAbsent<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

/** One of several words; the first is the default. */
export function choice<T extends string>(flags: ParsedFlags, name: string, choices: readonly T[]): T {
  const text = flags.value(name);
  if (text === undefined) return choices[0];
  const found = choices.find((one) => one === text);
  if (found) return found;
  throw new BerthError("usage.value", `--${name}: "${text}" is not one of ${choices.join(", ")}`);
}

/** Memory that a guest has to fit into, in bytes. @param flag with its dashes. */
export function parseMemory(text: string, flag: string): number {
  const bytes = parseSize(text, flag);
  if (bytes >= LEAST_MEMORY_BYTES) return bytes;
  throw new BerthError("usage.value", `${flag}: ${text} is too little for a guest; give it 96M at least`);
}

/** `pids.max`. @param flag with its dashes. */
export function parsePids(text: string, flag: string): number {
  // QEMU alone has more than 16; 4194304 is the most that Linux can count.
  return parseCount(text, flag, 16, 4_194_304);
}

/** CPU time in percent of one core. @param flag with its dashes. */
export function parsePercent(text: string, flag: string): number {
  return parseCount(text, flag, 1, 100_000);
}

/** `cpu.max` in percent of one core; 0 is no limit. @param flag with its dashes. */
export function parseQuota(text: string, flag: string): number {
  return text === "0" ? 0 : parsePercent(text, flag);
}

/** The largest that every program can tell from a negative number, as Docker has it. */
const MOST_GUEST_ID = 2 ** 31 - 1;

/** A user of a guest: names are known to its image only, numbers are not. */
export function parseUser(text: string): string {
  const number = text.split(":").find((part) => /^\d+$/.test(part) && Number(part) > MOST_GUEST_ID);
  if (number === undefined) return text;
  throw new BerthError("usage.value", `--user: ${number} is no user or group; numbers go from 0 to ${MOST_GUEST_ID}`);
}

/** Users of the host. */
export function parseUidRange(text: string): UidRange {
  const [, first, last] = /^(\d{1,10})-(\d{1,10})$/.exec(text)?.map(Number) ?? [];
  if (first >= 1 && first <= last && last <= MOST_UID) return { first, last };
  throw new BerthError(
    "usage.value",
    `--uid-range: "${text}" is no range of users; write FIRST-LAST, as in 200000-200999`,
  );
}
