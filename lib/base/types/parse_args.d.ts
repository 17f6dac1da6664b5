// Types of what is used here of @std/cli/parse-args; the npm package that carries it has none.

export interface ParseOptions {
  string?: string[];
  boolean?: string[];
  collect?: string[];
  default?: Record<string, unknown>;
  /** Called with each word that is no flag of these, and no value of one. */
  unknown?: (word: string) => unknown;
}

export function parseArgs(args: string[], options: ParseOptions): { _: (string | number)[]; [flag: string]: unknown };
