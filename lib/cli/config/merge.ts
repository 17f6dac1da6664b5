/**
 * What a command line says and what is configured, as one. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { checkTogether, GROUP_KEYS } from "../../job/request/together.ts";
import { askedBy, type Given, type Values } from "../line/given.ts";
import type { JobKey } from "../../job/request/rules.ts";
import type { Configured } from "./check.ts";

/** The values that count, and what is worth a word about them. */
export interface Merged {
  readonly values: Values;
  /** What was left out. */
  readonly notes: readonly string[];
}

/**
 * Adds what is configured to what a user says. A value of the user's replaces what is configured, as the environment's
 * replaces the file's. What contradicts something that counts more is left out, and noted: a default must not stop a job
 * that asks for something else.
 *
 * @param configured what counts most stands first; it has been checked.
 * @throws {BerthError} for what is wrong with the user's own values.
 */
export function mergeValues(own: Values, configured: readonly Configured[], hostMemoryBytes: number): Merged {
  const check = (values: Values) => checkTogether(askedBy(values), hostMemoryBytes);
  check(own);
  const values = new Map<JobKey, Given>(own);
  const notes: string[] = [];
  for (const one of inOrder(configured)) {
    if (values.has(one.key) || !applies(one.key, values)) continue;
    const problem = problemOf(() => check(new Map([...values, [one.key, one]])));
    if (problem === undefined) values.set(one.key, one);
    else notes.push(`${one.fullName} is left out, as it contradicts what counts more: ${problem}`);
  }
  return { values, notes };
}

/** The limit that has no meaning before it is known how much memory there is stands last. */
function inOrder(configured: readonly Configured[]): Configured[] {
  const isLast = ({ key }: Configured) => key === "memoryHighBytes";
  return [...configured.filter((one) => !isLast(one)), ...configured.filter(isLast)];
}

/** Whether a value has a meaning beside those that stand. */
function applies(key: JobKey, values: Values): boolean {
  if (key.startsWith("tenant.") && !values.has("tenant.name")) return false;
  return values.get("limits")?.value !== "off" || !GROUP_KEYS.includes(key);
}

function problemOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof BerthError) return error.message;
    throw error;
  }
}
