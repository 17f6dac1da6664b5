/**
 * Checks of single values of a request: numbers and texts. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { LONGEST_TIMER_MS } from "../../base/units.ts";
import { type Place, type Rule, shown } from "./place.ts";
import type { UidRange } from "../../machine/vm_user.ts";

const MIB = 1024 ** 2;

/** Debian's kernel and the agent boot in 96 MiB, and not in 80. */
const LEAST_MEMORY_BYTES = 96 * MIB;

/** A smaller file system has no room for its own tables. */
const LEAST_DISK_BYTES = MIB;
/** What a file of ext4, the usual file system of a host, can have. */
const MOST_DISK_BYTES = 16 * 1024 ** 4 - 4096;

/** The largest that every program can tell from a negative number, as Docker has it. */
const MOST_GUEST_ID = 2 ** 31 - 1;

/** The kernel's largest is -1 for some system calls, and the one before is nobody's in 32 bits. */
const MOST_UID = 2 ** 32 - 3;

/** `pids.max`: a VMM alone has more than 16; 4194304 is the most that Linux can count. */
export const checkPids = count(16, 4_194_304);

/** CPU time in percent of one core. */
export const checkPercent = count(1, 100_000);

/** A share of something busy, where others have 100. */
export const checkWeight = count(1, 10_000);

/** The rule of each value of a list. */
export function each<T>(rule: Rule<T>): Rule<readonly T[]> {
  return (values, place) => values.map((value, index) => rule(value, place.at(index)));
}

/** A whole number within inclusive bounds. */
export function count(least: number, most: number): Rule<number> {
  return (value, place) => {
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    const what = `${shown(value, place)} is not a whole number from ${least} to ${most}`;
    throw new BerthError("usage.value", `${place.name}: ${what}`);
  };
}

/** One of several words. */
export function choice<T extends string>(choices: readonly T[]): Rule<T> {
  return (value, { name }) => {
    if (choices.includes(value)) return value;
    throw new BerthError("usage.value", `${name}: "${value}" is not one of ${choices.join(", ")}`);
  };
}

/** `cpu.max` in percent of one core; 0 is no limit. */
export function checkQuota(percent: number, place: Place): number {
  return percent === 0 ? 0 : checkPercent(percent, place);
}

/** Memory that a guest has to fit into, in bytes. */
export function checkMemory(bytes: number, place: Place): number {
  if (bytes >= LEAST_MEMORY_BYTES) return bytes;
  const least = place.size(LEAST_MEMORY_BYTES);
  const what = `${place.text ?? bytes} is too little for a guest; give it ${least} at least`;
  throw new BerthError("usage.value", `${place.name}: ${what}`);
}

/** The size of a disk, in bytes. */
export function checkDiskSize(bytes: number, place: Place): number {
  if (bytes >= LEAST_DISK_BYTES && bytes <= MOST_DISK_BYTES) return bytes;
  const [least, most] = [LEAST_DISK_BYTES, 16_383 * 1024 ** 3].map((bound) => place.size(bound));
  throw new BerthError(
    "usage.value",
    `${place.name}: a disk of ${place.size(bytes)} can't be made; give it ${least} to ${most}`,
  );
}

/** How long to wait, in milliseconds. */
export function checkTime(millis: number, place: Place): number {
  if (millis >= 1 && millis <= LONGEST_TIMER_MS) return millis;
  const what = `${shown(millis, place)} is no time to wait; give it 1 to ${LONGEST_TIMER_MS} milliseconds`;
  throw new BerthError("usage.value", `${place.name}: ${what}`);
}

/** Users of the host. */
export function checkUidRange(range: UidRange, place: Place): UidRange {
  const { first, last } = range;
  if (first >= 1 && first <= last && last <= MOST_UID) return range;
  const form = place.text === undefined ? '{ "first": 200000, "last": 200999 }' : "FIRST-LAST, as in 200000-200999";
  const what = `${shown(range, place)} is no range of users; write ${form}`;
  throw new BerthError("usage.value", `${place.name}: ${what}`);
}

/** A text that is there. A flag's always is: without a value it is an error of its own. */
export function checkText(text: string, { name }: Place): string {
  if (text !== "") return text;
  throw new BerthError("usage.value", `${name} is empty; leave it out, or give it a value`);
}

/** An absolute path of the guest. */
export function checkGuestPath(path: string, { name }: Place): string {
  if (path.startsWith("/")) return path;
  throw new BerthError("usage.value", `${name}: "${path}" is not an absolute path in the guest; begin it with /`);
}

/** A job's name. */
export function checkName(text: string, { name }: Place): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text)) return text;
  throw new BerthError("usage.value", `${name}: "${text}" is not a name; use up to 64 letters, digits and . _ -`);
}

/** A user of a guest: names are known to its image only, numbers are not. */
export function checkUser(text: string, place: Place): string {
  const number = checkText(text, place).split(":").find((part) => /^\d+$/.test(part) && Number(part) > MOST_GUEST_ID);
  if (number === undefined) return text;
  const what = `${number} is no user or group; numbers go from 0 to ${MOST_GUEST_ID}`;
  throw new BerthError("usage.value", `${place.name}: ${what}`);
}

/** A tenant's name. */
export function checkTenantName(text: string, { name }: Place): string {
  // Without a letter or digit no group can be named after it; the rest is for those who read it in logs.
  if (/[A-Za-z0-9]/.test(text) && !/\p{Cc}/u.test(text) && text.length <= 128) return text;
  const shown = JSON.stringify(text.slice(0, 64));
  const right = "use up to 128 characters, a letter (A-Z, a-z) or digit among them, and no control characters";
  throw new BerthError("usage.value", `${name}: ${shown} is not a tenant's name; ${right}`);
}

/** Whatever is wrong with a variable, its value is not said: it may be a secret. */
export function checkEnv(env: Readonly<Record<string, string>>, { name }: Place): Readonly<Record<string, string>> {
  const wrong = Object.keys(env).find((variable) => variable === "" || variable.includes("="));
  if (wrong === undefined) return env;
  const what = `${JSON.stringify(wrong.split("=")[0])} is no name of a variable; it has no = in it, and is not empty`;
  throw new BerthError("usage.value", `${name}: ${what}`);
}
