/**
 * A request as JSON, read: its form by the schema, and then its values by the same rules as those of flags. Pure.
 *
 * @module
 */

import type * as z from "zod";
import { checkBounded, TOO_MUCH_WRONG } from "../../base/check_bounded.ts";
import { BerthError } from "../../base/errors.ts";
import { didYouMean } from "../../base/nearest.ts";
import { jsonPlace, type Place } from "./place.ts";
import { DEFAULTS, type JobRequest, type PartialRequest } from "./request.ts";
import { checkValue, JOB_KEYS, type JobKey } from "./rules.ts";
import { formAt, REQUEST } from "./schema.ts";
import { type Asked, checkTogether } from "./together.ts";

/** More than a person corrects at once. */
const PROBLEMS_TOLD = 10;
/** Beyond it no key is near. */
const LONGEST_KEY = 64;

/**
 * Reads a request's text.
 *
 * @param where names it in messages. @param hostMemoryBytes what a guest can have at most.
 * @throws {BerthError} `usage.request`, with every key that is wrong.
 */
export function parseRequest(text: string, where: string, hostMemoryBytes: number): Asked {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // What stands there may be a secret.
    throw wrong(where, ["this is not JSON"]);
  }
  return checkRequest(json, where, hostMemoryBytes);
}

/** The same, of JSON that has been read. */
export function checkRequest(json: unknown, where: string, hostMemoryBytes: number): Asked {
  const result = checkBounded(() => REQUEST.safeParse(json));
  if (!result) throw wrong(where, [TOO_MUCH_WRONG]);
  if (!result.success) throw wrong(where, result.error.issues.flatMap(describe));
  const asked = checkValues(result.data as PartialRequest, where);
  try {
    checkTogether(asked, hostMemoryBytes);
  } catch (error) {
    throw error instanceof BerthError ? wrong(where, [error.message]) : error;
  }
  return asked;
}

/** Checks each value by its rule. A key that says what counts anyway has no place: it asks for nothing. */
function checkValues(form: PartialRequest, where: string): Asked {
  const [request, tenant]: Record<string, unknown>[] = [{}, {}];
  const places = new Map<JobKey, Place>();
  const problems: string[] = [];
  for (const key of JOB_KEYS) {
    const [top, part] = key.split(".") as [keyof JobRequest, string | undefined];
    const value = part === undefined ? form[top] : (form.tenant as Record<string, unknown> | undefined)?.[part];
    if (value === undefined) continue;
    const place = jsonPlace(key);
    try {
      (part === undefined ? request : tenant)[part ?? top] = checkValue(key, value as never, place);
    } catch (error) {
      if (!(error instanceof BerthError)) throw error;
      problems.push(error.message);
    }
    if (part !== undefined || JSON.stringify(value) !== JSON.stringify(DEFAULTS[top])) places.set(key, place);
  }
  if (problems.length) throw wrong(where, problems);
  return { request: { ...request, ...(form.tenant && { tenant }) } as PartialRequest, places };
}

function wrong(where: string, problems: readonly string[]): BerthError {
  const more = problems.length > PROBLEMS_TOLD ? "; and more" : "";
  return new BerthError("usage.request", `${where}: ${problems.slice(0, PROBLEMS_TOLD).join("; ")}${more}`);
}

/** What is wrong with a form, and never what stands there: it may be a secret. */
function describe(issue: z.core.$ZodIssue): string[] {
  const place = issue.path.reduce((at: Place, part) => at.at(part as string | number), jsonPlace(""));
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(formAt(issue.path[0]));
    return issue.keys.slice(0, PROBLEMS_TOLD + 1).map((key) => {
      const shown = key.slice(0, LONGEST_KEY);
      return `unknown key ${place.at(shown).name}${didYouMean(shown, known)}`;
    });
  }
  return [`${place.name || "the request"} ${issue.message}`];
}
