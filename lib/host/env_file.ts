/**
 * A file with a job's environment, as `docker run --env-file` takes it. Pure.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";

/** Variable of a job; without a value it is the caller's. */
export interface EnvLine {
  readonly name: string;
  readonly value?: string;
  /** Where it stands, for messages: as in `ci.env, line 3`. */
  readonly place: string;
}

/** What a file's lines may be, in messages that can't show the line: it may be a secret. */
const FORMS = "write NAME=VALUE, or NAME for a variable of berth's own environment";

/**
 * Variables of an --env-file, in their order. A value is taken as it is: quotes are a part of it, and it can't have a
 * second line.
 *
 * @param flag which one names the file, and how the file is called there.
 * @throws {BerthError} `usage.value`, with the line's number and never with what stands there.
 */
export function parseEnvFile(bytes: Uint8Array, flag: string): EnvLine[] {
  return splitLines(bytes).flatMap((line, index): EnvLine[] => {
    const place = `${flag}, line ${index + 1}`;
    const text = decode(line, place).replace(index === 0 ? /^\uFEFF/ : "", "").replace(/\r$/, "").trimStart();
    if (text === "" || text.startsWith("#")) return [];
    if (text.includes("\0")) throw new BerthError("usage.value", `${place}: there is a NUL in it; ${FORMS}`);
    const equals = text.indexOf("=");
    if (equals === 0) throw new BerthError("usage.value", `${place}: there is no name before the =; ${FORMS}`);
    const name = equals < 0 ? text.trimEnd() : text.slice(0, equals);
    if (/\s/.test(name)) throw new BerthError("usage.value", `${place}: there is a space in the name; ${FORMS}`);
    return [equals < 0 ? { name, place } : { name, value: text.slice(equals + 1), place }];
  });
}

function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return [...lines, bytes.subarray(start)];
}

function decode(line: Uint8Array, place: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line);
  } catch {
    throw new BerthError("usage.value", `${place}: it is not UTF-8`);
  }
}
