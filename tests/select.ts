/**
 * Has Deno register only the tests that the suite's first argument selects. `deno test` loads this before each test file
 * (`--preload`).
 *
 * @module
 */

import { CORE } from "./core.ts";
import { isSelected, parseSelection } from "./selection.ts";

const selection = parseSelection(Deno.args[0]);
const core = new Set(CORE.map(({ name }) => name));
const register: (...args: unknown[]) => void = Deno.test as never;

function test(...args: unknown[]): void {
  const names = args.map((one) => typeof one === "string" ? one : (one as { name?: string } | undefined)?.name);
  if (isSelected(names.find((name) => name) ?? "", selection, core)) register(...args);
}

// What is ignored is registered whatever is selected, so that nobody misses why.
Object.assign(Deno, { test: Object.assign(test, Deno.test) });
