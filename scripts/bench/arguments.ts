/**
 * The benchmark's own command line. Pure.
 *
 * @module
 */

// @ts-types="../../lib/base/types/parse_args.d.ts"
import { parseArgs } from "@std/cli/parse-args";

/** How much is measured, and where the numbers go. */
export interface Arguments {
  /** Pairs of `berth --version` and an empty program. */
  readonly starts: number;
  /** Pairs of cold runs. */
  readonly pairs: number;
  readonly outputPairs: number;
  /** How much a job prints. */
  readonly outputMiB: number;
  /** How often each large workspace goes in and out. */
  readonly sizes: number;
  /** The file that takes everything as JSON. */
  readonly json?: string;
}

/** Counts that are measured where none are given, by their flags. */
const COUNTS = { starts: "20", pairs: "10", "output-pairs": "3", "output-mib": "1024", sizes: "1" };

/** What to say to somebody who got it wrong. */
export const USAGE =
  "usage: bench [--starts N] [--pairs N] [--output-pairs N] [--output-mib N] [--sizes N] [--json FILE]";

/** Reads the arguments. @throws {RangeError} with the usage. */
export function parseArguments(argv: readonly string[]): Arguments {
  const parsed = parseArgs([...argv], {
    string: ["_", ...Object.keys(COUNTS), "json"],
    default: COUNTS,
    unknown: (word) => {
      throw new RangeError(`${word}: not understood; ${USAGE}`);
    },
  }) as unknown as Record<keyof typeof COUNTS, string> & { readonly json?: string };
  if (parsed.json === "") throw new RangeError(`--json: wants a file; ${USAGE}`);
  const count = (name: keyof typeof COUNTS) => parseCount(`--${name}`, parsed[name]);
  return {
    starts: count("starts"),
    pairs: count("pairs"),
    outputPairs: count("output-pairs"),
    outputMiB: count("output-mib"),
    sizes: count("sizes"),
    json: parsed.json,
  };
}

function parseCount(flag: string, value: string): number {
  if (/^[1-9]\d{0,5}$/.test(value)) return Number(value);
  throw new RangeError(`${flag}: wants a number from 1 to 999999; ${USAGE}`);
}
