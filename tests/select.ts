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
type Register = (...args: unknown[]) => void;

/** Registers a test as the other one does, if it is selected. */
function selecting(register: Register): Register {
  return (...args) => {
    const names = args.map((one) => typeof one === "string" ? one : (one as { name?: string } | undefined)?.name);
    if (isSelected(names.find((name) => name) ?? "", selection, core)) register(...args);
  };
}

const { ignore } = Deno.test;
const test = Object.assign(selecting(Deno.test as never), Deno.test, { ignore: selecting(ignore as never) });
Object.assign(Deno, { test });
