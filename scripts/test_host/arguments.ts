/**
 * The command line of the test host. Pure.
 *
 * @module
 */
// @ts-types="../../lib/base/types/parse_args.d.ts"
import { parseArgs } from "@std/cli/parse-args";
import { BerthError } from "../../lib/base/errors.ts";

/** What a run is asked to do. */
export interface Options {
  /** Arguments of `deno test` inside: paths and `--filter`. */
  readonly testArguments: readonly string[];
  /** Where the results go, absolute or below the project. */
  readonly resultsFolder: string;
  /** Bound of everything, in milliseconds. */
  readonly timeoutMs: number;
  /** Name of the permission set in `deno.json` that the tests run with. */
  readonly permissionSet: string;
}

/** Help of the command line. */
export const USAGE = `usage: deno task test:host [-- [OPTION…] [FILTER…]]

FILTER  a file or folder below tests/ to run, or else a part of a test's name
        (default: all of tests/host)

  --results FOLDER        where to unpack what the tests left in /results (.test-host/results)
  --timeout SECONDS       bound of everything (900)
  --select WHICH          of those only the core (core), or a part of the others (K/N): see tests/selection.ts
  --permission-set NAME   permission set of deno.json to run the tests with (host-tests)`;

/** Values of the options that are not given. */
const DEFAULTS = { results: ".test-host/results", timeout: "900", "permission-set": "host-tests" };

/**
 * Reads the arguments.
 *
 * @throws {BerthError} `usage.flag` or `usage.value`, naming what it does not understand
 */
export function parseArguments(argv: readonly string[]): Options {
  const parsed = parseArgs(argv.filter((argument) => argument !== "--"), {
    string: ["_", ...Object.keys(DEFAULTS), "select"],
    default: DEFAULTS,
    unknown: (word) => {
      if (word.startsWith("-")) throw new BerthError("usage.flag", `unknown option ${word}\n${USAGE}`);
    },
  });
  const { _: filters, ...options } = parsed as { _: string[] } & Record<keyof typeof DEFAULTS | "select", string>;
  for (const [name, value] of Object.entries(options)) {
    if (value === "") throw new BerthError("usage.value", `--${name} wants a value\n${USAGE}`);
  }
  const permissionSet = options["permission-set"];
  if (!/^[\w-]+$/.test(permissionSet)) {
    throw new BerthError("usage.value", `--permission-set ${permissionSet}: not the name of a permission set`);
  }
  return {
    testArguments: planTestArguments(filters, options.select),
    resultsFolder: options.results,
    timeoutMs: 1000 * parseSeconds(options.timeout),
    permissionSet,
  };
}

/** Turns filters into arguments of `deno test`: paths stay paths, words select by name, any of them. */
export function planTestArguments(filters: readonly string[], selection?: string): string[] {
  const paths = filters.filter((filter) => /^(\.\/)?tests(\/|$)/.test(filter));
  const words = filters.filter((filter) => !paths.includes(filter));
  const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")).join("|");
  const byName = words.length === 0 ? [] : [`--filter=/${pattern}/`];
  const [preload, selected] = selection === undefined ? [[], []] : [["--preload=tests/select.ts"], ["--", selection]];
  return [...byName, ...preload, ...(paths.length === 0 ? ["tests/host"] : paths), ...selected];
}

function parseSeconds(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) {
    throw new BerthError("usage.value", `--timeout ${text}: not a whole number of seconds above 0`);
  }
  return Number(text);
}
