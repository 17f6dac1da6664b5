/**
 * The environment that a job is given: `--env` and `--env-file`.
 *
 * @module
 */

import { BerthError, describeError } from "../../base/errors.ts";
import { isVariableName, readCallerFile, readCallerVariables } from "../../host/caller.ts";
import { type EnvLine, parseEnvFile } from "../../host/env_file.ts";
import type { ParsedFlags } from "../line/parse.ts";

/** Much more than any environment that a program could be started with. */
const FILE_LIMIT_BYTES = 1024 ** 2;

/** What the flags name; what it is worth is still to be looked up. */
export interface EnvArgs {
  /** `optional`: it may be missing. */
  readonly files: readonly { readonly path: string; readonly optional: boolean }[];
  readonly flags: readonly EnvLine[];
}

/** Pure. @throws {BerthError} `usage.value`. */
export function parseEnvArgs(flags: ParsedFlags): EnvArgs {
  const files = flags.values("env-file").map((text) => {
    const optional = text.startsWith("-");
    return { path: optional ? text.slice(1) : text, optional };
  });
  return { files, flags: flags.values("env").map(parseEnv) };
}

/** Whatever is wrong with it, the value is not said: it may be a secret. */
function parseEnv(text: string): EnvLine {
  const equals = text.indexOf("=");
  if (equals === 0) throw new BerthError("usage.value", "--env: there is no name before the =; write NAME=VALUE");
  if (equals < 0) return { name: text, place: "--env" };
  return { name: text.slice(0, equals), value: text.slice(equals + 1), place: "--env" };
}

/**
 * Looks everything up. Of a name the last one counts, and flags count more than files.
 *
 * @throws {BerthError} `usage.value`, `usage.environment`.
 */
export async function readEnv({ files, flags }: EnvArgs): Promise<Record<string, string>> {
  const lines = [...(await Promise.all(files.map(readEnvFile))).flat(), ...flags];
  const wanted = lines.filter(({ value }) => value === undefined);
  for (const { name, place } of wanted) {
    if (isVariableName(name)) continue;
    throw new BerthError("usage.value", `${place}: "${name}" is no name of a variable; write NAME, or NAME=VALUE`);
  }
  const values = await readCallerVariables(wanted.map(({ name }) => name));
  return Object.fromEntries(lines.map(({ name, value, place }) => [name, value ?? valueOf(name, values, place)]));
}

async function readEnvFile({ path, optional }: EnvArgs["files"][number]): Promise<EnvLine[]> {
  let bytes: Uint8Array;
  try {
    bytes = await readCallerFile(path, FILE_LIMIT_BYTES);
  } catch (error) {
    const reason = describeError(error);
    if (optional && reason === "No such file or directory") return [];
    throw new BerthError("usage.environment", `--env-file ${path}: it can't be read: ${reason}`);
  }
  return parseEnvFile(bytes, `--env-file ${path}`);
}

function valueOf(name: string, values: ReadonlyMap<string, Uint8Array>, place: string): string {
  const bytes = values.get(name);
  if (!bytes) throw new BerthError("usage.environment", `${place}: ${name} is not set in berth's own environment`);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new BerthError("usage.environment", `${place}: the value of ${name} is not UTF-8`);
  }
}
