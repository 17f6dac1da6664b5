// Types of what is used here of @std/cli/parse-args; the npm package that carries it has none.

export interface ParseOptions {
  string?: string[];
  boolean?: string[];
  collect?: string[];
}

export function parseArgs(args: string[], options: ParseOptions): { _: (string | number)[]; [flag: string]: unknown };
