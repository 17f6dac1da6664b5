/**
 * The command line of `berth run`, understood. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { textPlace } from "../../job/request/place.ts";
import { completeRequest, type JobRequest } from "../../job/request/request.ts";
import { checkValue } from "../../job/request/rules.ts";
import { checkTogether } from "../../job/request/together.ts";
import { RUN_FLAGS } from "../line/run_flags.ts";
import { isJobFlag } from "../line/flag.ts";
import { askedBy, type Values, valuesOf } from "../line/given.ts";
import { type ParsedFlags, parseFlags } from "../line/parse.ts";
import { optional } from "../line/values.ts";
import { type EnvArgs, parseEnvArgs } from "./env_args.ts";

/** What a job is told of in, which is nothing of the job's own. */
export interface Telling {
  /** The file that the report is written to. */
  readonly report?: string;
  /** The file that events are written to, or the number of a descriptor of the caller's. */
  readonly events?: string | number;
  readonly quiet: boolean;
}

/** A command line, before what is configured joins in. */
export interface RunLine extends Telling {
  /** The file with the job's request, or `-` for standard input; absent: the line itself says all of it. */
  readonly requestFile?: string;
  readonly values: Values;
  readonly env: EnvArgs;
  readonly dryRun: boolean;
}

/** What the user asks for. */
export interface RunArgs extends Telling {
  /** Without its environment, which is still to be looked up. */
  readonly request: JobRequest;
  readonly env: EnvArgs;
  /** Nothing is run: what would be is printed. */
  readonly dryRun: boolean;
}

/** @throws {BerthError} `usage.*`. */
export function parseRunLine(argv: readonly string[]): RunLine {
  const flags = parseFlags(argv, RUN_FLAGS);
  const events = optional(flags.value("events"), parseEvents);
  const telling = { report: flags.value("report"), events, quiet: flags.has("quiet") };
  const dryRun = flags.has("dry-run");
  expectSomethingTold(dryRun, telling);
  const requestFile = flags.value("request");
  if (requestFile !== undefined) {
    expectAlone(flags);
    return { requestFile, values: new Map(), env: NO_ENV, dryRun, ...telling };
  }
  const place = textPlace("berth run", flags.rest);
  const command = { key: "command", value: checkValue("command", flags.rest, place), place } as const;
  const values = new Map([...valuesOf(flags, RUN_FLAGS), ["command", command]] as const);
  expectTenant(values);
  return { values, env: parseEnvArgs(flags), dryRun, ...telling };
}

/** @param values those of the line, and what is configured. @throws {BerthError} `usage.*`, `cgroup.form`. */
export function completeArgs(line: RunLine, values: Values, hostMemoryBytes: number): RunArgs {
  const { env, dryRun, report, events, quiet } = line;
  const asked = askedBy(values);
  checkTogether(asked, hostMemoryBytes);
  return { request: completeRequest(asked.request), env, dryRun, report, events, quiet };
}

/** A command line alone. @param hostMemoryBytes what a guest can have at most. @throws {BerthError} as the two above. */
export function parseRunArgs(argv: readonly string[], hostMemoryBytes: number): RunArgs {
  const line = parseRunLine(argv);
  return completeArgs(line, line.values, hostMemoryBytes);
}

const NO_ENV: EnvArgs = { files: [], flags: [] };

/** A number is a descriptor; a file that is called so is said as `./3`. */
function parseEvents(text: string): string | number {
  if (!/^\d+$/.test(text)) return text;
  const number = Number(text);
  if (number > 2) return number;
  const whose = ["input", "output", "standard error"][number];
  throw new BerthError(
    "usage.value",
    `--events ${text}: that is the job's ${whose}; give events one of their own, as in --events 3 3>&2, or a file ./${text}`,
  );
}

/** What is told of a job may be said beside its request, and nothing of the job itself. */
function expectAlone(flags: ParsedFlags): void {
  const own = RUN_FLAGS.filter((flag) => isJobFlag(flag) || flag.isEnvironment)
    .filter(({ name }) => flags.has(name) || flags.values(name).length)
    .map(({ name }) => `--${name}`);
  const given = [...own, ...(flags.rest.length ? ["a command"] : [])];
  if (given.length === 0) return;
  throw new BerthError("usage.flag", `--request has the whole job in it: leave out ${given.join(" and ")}`);
}

/** A job that is not run has neither. */
function expectSomethingTold(dryRun: boolean, { report, events }: Telling): void {
  const given = report === undefined ? events === undefined ? undefined : "events" : "report";
  if (dryRun && given) throw new BerthError("usage.flag", `--dry-run runs nothing: leave out --${given}`);
}

function expectTenant(values: Values): void {
  if (values.has("tenant.name")) return;
  const given = [...values.values()].find(({ key }) => key.startsWith("tenant."));
  if (given) throw new BerthError("usage.flag", `${given.place!.name} needs --tenant NAME`);
}
