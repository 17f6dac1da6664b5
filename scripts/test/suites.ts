/**
 * Which suites a run has, and which of their tests. Pure.
 *
 * @module
 */

import type { CoreTest } from "../../tests/core.ts";
import { parseSelection, type Selection } from "../../tests/selection.ts";

/** A suite of a run. It is a task of deno.json. */
export interface Suite {
  readonly task: string;
  readonly args: readonly string[];
  /** Disks that break are mounted; building the test host mounts and chroots. */
  readonly needsRoot: boolean;
  /** What is far beyond what it takes: then something in it hangs. */
  readonly limitMs: number;
  /** How many tests must have run, where that is known. */
  readonly tests?: number;
}

const MINUTE_MS = 60_000;

/** Jobs of a soak: each by itself is looked at, and what adds up shows by then, or in a soak that somebody waits for. */
const SOAK_JOBS = 25;

/**
 * The suites, in their order: one after the other, as emulated guests do not boot in time where another suite takes the
 * cores.
 *
 * @param argv the program's arguments: none for all, `core`, or `K/N`.
 * @throws {TypeError} naming what it wants.
 */
export function planSuites(argv: readonly string[], core: readonly CoreTest[]): Suite[] {
  const words = argv.filter((argument) => argument !== "--");
  if (words.length > 1) throw new TypeError(`${words.join(" ")}: one word is enough: core, or K/N`);
  const selection = parseSelection(words[0]);
  const selected = words.length ? ["--", ...words] : [];
  // Parts of a suite are none of its own, and have the time of the whole.
  const ofCore = (suite: CoreTest["suite"]) =>
    selection.kind === "core" ? { tests: core.filter((one) => one.suite === suite).length } : {};
  const files = selection.kind === "core" ? [...new Set(core.flatMap(({ file }) => file ?? []))] : [];
  const suites: Suite[] = [
    { task: "test:faults", args: selected, needsRoot: true, limitMs: 60 * MINUTE_MS, ...ofCore("faults") },
    { task: "test:vm", args: selected, needsRoot: false, limitMs: 90 * MINUTE_MS, ...ofCore("vm") },
    {
      task: "test:host",
      // Its own bound of 15 minutes is for single files.
      args: ["--timeout", "5400", ...words.flatMap((word) => ["--select", word]), ...files],
      needsRoot: true,
      limitMs: 95 * MINUTE_MS,
      ...ofCore("host"),
    },
  ];
  return [...before(selection), ...suites];
}

/** The gate is a part of the core, and the soak of what it leaves out. */
function before({ kind }: Selection): Suite[] {
  const gate = { task: "ok", args: [], needsRoot: false, limitMs: 15 * MINUTE_MS };
  const soak = { task: "test:soak", args: [String(SOAK_JOBS)], needsRoot: true, limitMs: 30 * MINUTE_MS };
  return kind === "core" ? [gate] : kind === "part" ? [soak] : [gate, soak];
}
