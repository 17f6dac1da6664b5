/**
 * The form of the configuration file. What its values mean, the flags' own parsers say. Pure.
 *
 * @module
 */

import * as z from "zod";
import { checkBounded, TOO_MUCH_WRONG } from "../../base/check_bounded.ts";
import { BerthError } from "../../base/errors.ts";
import { didYouMean } from "../../base/nearest.ts";
import type { Kind } from "../line/flag.ts";
import { CONFIG_FILE, type Layer, type Setting, SETTINGS } from "./settings.ts";

/** Kinds of values that are nothing but a number where a person writes JSON. */
const NUMBERS: readonly Kind[] = ["size", "count"];

// No kernel call takes a NUL, and a line break in a path is a mistake. Made once: each schema takes its time.
const TEXT = z.string().check(z.regex(/^\P{Cc}+$/u));
const TEXT_OR_NUMBER = z.optional(z.union([TEXT, z.number()]));
const TEXT_OR_TEXTS = z.optional(z.union([TEXT, z.array(TEXT).check(z.minLength(1))]));
const ONE_TEXT = z.optional(TEXT);

const SCHEMA = z.strictObject(Object.fromEntries(SETTINGS.map((setting) => [setting.key, valueOf(setting)])));

/** More than this at once helps nobody. */
const PROBLEMS_TOLD = 10;
/** Beyond it no key is near. */
const LONGEST_KEY = 64;

function valueOf({ flag }: Setting) {
  if (flag?.repeats) return TEXT_OR_TEXTS;
  return flag && NUMBERS.includes(flag.kind) ? TEXT_OR_NUMBER : ONE_TEXT;
}

/** What a value of the JSON has to be, in words. */
function formOf({ flag }: Setting): string {
  if (flag?.repeats) return `a string, or several in a list, as --${flag.name} takes them: ${flag.value}`;
  if (!flag) return "a string: an absolute path";
  const form = NUMBERS.includes(flag.kind) ? "a string or a number" : "a string";
  return `${form}, as --${flag.name} takes it: ${flag.value}`;
}

/** Reads the file's text. @throws {BerthError} `config.file`, with every key that is wrong. */
export function parseConfigFile(text: string): Layer {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw wrong(`this is not JSON: ${(error as Error).message}`);
  }
  if (json === null || typeof json !== "object" || Array.isArray(json)) {
    throw wrong('this is not an object; write { "memory": "1G" }');
  }
  const result = checkBounded(() => SCHEMA.safeParse(json));
  if (!result) throw wrong(TOO_MUCH_WRONG);
  if (!result.success) {
    const problems = result.error.issues.flatMap((issue) => describe(issue, json as Record<PropertyKey, unknown>));
    throw wrong(problems.slice(0, PROBLEMS_TOLD).join("; ") + (problems.length > PROBLEMS_TOLD ? "; and more" : ""));
  }
  const values = SETTINGS.flatMap((setting) => {
    const value = result.data[setting.key];
    return value === undefined ? [] : [[setting, [value].flat().map(String)] as const];
  });
  return { place: "file", values: new Map(values) };
}

function wrong(what: string): BerthError {
  return new BerthError("config.file", `${CONFIG_FILE}: ${what}`);
}

function describe(issue: z.core.$ZodIssue, json: Readonly<Record<PropertyKey, unknown>>): string[] {
  if (issue.code === "unrecognized_keys") {
    const known = SETTINGS.map(({ key }) => key);
    return issue.keys.map((key) => {
      const shown = key.slice(0, LONGEST_KEY);
      return `unknown key ${JSON.stringify(shown)}${didYouMean(shown, known)}`;
    });
  }
  const setting = SETTINGS.find(({ key }) => key === issue.path[0])!;
  if (json[setting.key] === "") return [`${setting.key} is empty; leave it out, or give it a value`];
  const isText = typeof json[setting.key] === "string";
  return [`${setting.key} must be ${isText ? "text without control characters" : formOf(setting)}`];
}
