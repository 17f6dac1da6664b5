/**
 * The command line of the test host. Pure.
 *
 * @module
 */
import { TestHostError } from "./failure.ts";

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

export const usage = `usage: deno task test:host [-- [OPTION…] [FILTER…]]

FILTER  a file or folder below tests/ to run, or else a part of a test's name
        (default: all of tests/host)

  --results FOLDER        where to unpack what the tests left in /results (.test-host/results)
  --timeout SECONDS       bound of everything (900)
  --select WHICH          of those only the core (core), or a part of the others (K/N): see tests/selection.ts
  --permission-set NAME   permission set of deno.json to run the tests with (host-tests)`;

/**
 * Reads the arguments.
 *
 * @throws {TestHostError} naming what it does not understand
 */
export function parseArguments(argv: readonly string[]): Options {
  let resultsFolder = ".test-host/results";
  let timeoutMs = 900_000;
  let permissionSet = "host-tests";
  let selection: string | undefined;
  const filters: string[] = [];
  const rest = argv.filter((argument) => argument !== "--");
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--results") resultsFolder = valueOf(word, rest.shift());
    else if (word === "--timeout") timeoutMs = 1000 * parseSeconds(valueOf(word, rest.shift()));
    else if (word === "--select") selection = valueOf(word, rest.shift());
    else if (word === "--permission-set") permissionSet = valueOf(word, rest.shift());
    else if (word.startsWith("-")) throw new TestHostError(`unknown option ${word}\n${usage}`);
    else filters.push(word);
  }
  if (!/^[\w-]+$/.test(permissionSet)) {
    throw new TestHostError(`--permission-set ${permissionSet}: not the name of a permission set`);
  }
  const testArguments = planTestArguments(filters, selection);
  return { testArguments, resultsFolder, timeoutMs, permissionSet };
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

function valueOf(option: string, value: string | undefined): string {
  if (value === undefined) throw new TestHostError(`${option} wants a value\n${usage}`);
  return value;
}

function parseSeconds(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) {
    throw new TestHostError(`--timeout ${text}: not a whole number of seconds above 0`);
  }
  return Number(text);
}
