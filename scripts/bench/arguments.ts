/**
 * The benchmark's own command line. Pure.
 *
 * @module
 */

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

const COUNTS = { starts: 20, pairs: 10, "output-pairs": 3, "output-mib": 1024, sizes: 1 };

/** What to say to somebody who got it wrong. */
export const USAGE =
  "usage: bench [--starts N] [--pairs N] [--output-pairs N] [--output-mib N] [--sizes N] [--json FILE]";

/** @throws {RangeError} with the usage. */
export function parseArguments(argv: readonly string[]): Arguments {
  const counts: Record<string, number> = { ...COUNTS };
  let json: string | undefined;
  for (let index = 0; index < argv.length; index += 2) {
    const [flag, value] = [argv[index], argv[index + 1]];
    const name = flag.replace(/^--/, "");
    if (flag === "--json" && value) json = value;
    else if (flag.startsWith("--") && Object.hasOwn(COUNTS, name)) counts[name] = parseCount(flag, value);
    else throw new RangeError(`${flag}: not understood; ${USAGE}`);
  }
  return {
    starts: counts.starts,
    pairs: counts.pairs,
    outputPairs: counts["output-pairs"],
    outputMiB: counts["output-mib"],
    sizes: counts.sizes,
    json,
  };
}

function parseCount(flag: string, value: string | undefined): number {
  if (/^[1-9]\d{0,5}$/.test(value ?? "")) return Number(value);
  throw new RangeError(`${flag}: wants a number from 1 to 999999; ${USAGE}`);
}
