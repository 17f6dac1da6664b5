/**
 * Values that somebody gave, each with where it stands: what a command line, the environment, a file and a request are
 * read into, and a job's request is made of. Pure.
 *
 * @module
 */

import type { Asked } from "../../job/request/together.ts";
import { type Place, textPlace } from "../../job/request/place.ts";
import type { PartialRequest } from "../../job/request/request.ts";
import { checkValue, JOB_KEYS, type JobKey, type ValueOf } from "../../job/request/rules.ts";
import { type Flag, type FlagOf, isJobFlag, type JobFlag } from "./flag.ts";
import { KINDS } from "./kinds.ts";
import type { ParsedFlags } from "./parse.ts";

/** A value of a job's. */
export interface Given {
  readonly key: JobKey;
  /** Checked by the key's rule. */
  readonly value: unknown;
  /** What messages call it; absent: it says what counts anyway, and asks for nothing. */
  readonly place?: Place;
}

/** Values by their keys: of a key only one counts. */
export type Values = ReadonlyMap<JobKey, Given>;

/** What a flag means. @param name what it is called where its texts stand. @throws {BerthError} `usage.value`. */
export function readGiven({ key, kind, repeats }: JobFlag, texts: readonly string[], name: string): Given {
  const place = textPlace(name, texts);
  const items = texts.map((text, index) => KINDS[kind](text, place.at(index)));
  return { key, value: checkValue(key, (repeats ? items : items[0]) as never, place), place };
}

/** The values of a command line, in the order of its flags. @throws {BerthError} `usage.value`. */
export function valuesOf(parsed: ParsedFlags, flags: readonly Flag[]): Values {
  const given = flags.filter(isJobFlag).flatMap((flag): Given[] => {
    const texts = flag.kind === "switch" && parsed.has(flag.name) ? [""] : parsed.values(flag.name);
    return texts.length ? [readGiven(flag, texts, `--${flag.name}`)] : [];
  });
  return new Map(given.map((one) => [one.key, one]));
}

/** What a job's flag says on another command's line; undefined when it is not there. @throws {BerthError} `usage.value`. */
export function givenBy<K extends JobKey>(parsed: ParsedFlags, flag: FlagOf<K>): ValueOf<K> | undefined {
  const texts = parsed.values(flag.name);
  return texts.length ? readGiven(flag, texts, `--${flag.name}`).value as ValueOf<K> : undefined;
}

/** The values of a request. */
export function valuesIn({ request, places }: Asked): Values {
  const given = JOB_KEYS.flatMap((key): Given[] => {
    const [top, part] = key.split(".") as [keyof PartialRequest, string | undefined];
    const value = part === undefined ? request[top] : (request.tenant as Record<string, unknown> | undefined)?.[part];
    return value === undefined ? [] : [{ key, value, place: places.get(key) }];
  });
  return new Map(given.map((one) => [one.key, one]));
}

/** Values as what is asked for. */
export function askedBy(values: Values): Asked {
  const [request, tenant]: Record<string, unknown>[] = [{}, {}];
  for (const { key, value } of values.values()) {
    if (key.startsWith("tenant.")) tenant[key.slice("tenant.".length)] = value;
    else request[key] = value;
  }
  const whole = Object.keys(tenant).length ? { ...request, tenant } : request;
  const places = new Map([...values].flatMap(([key, { place }]) => place ? [[key, place]] : []));
  return { request: whole as PartialRequest, places };
}
