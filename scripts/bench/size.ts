/**
 * A large workspace that goes in, and out again as an artifact: many files, and a large one.
 *
 * @module
 */

import { byBerth } from "./calls.ts";
import { runTimed } from "./child.ts";
import type { Surroundings } from "./measure.ts";
import { SCRATCH } from "./places.ts";
import { summarize } from "./statistics.ts";
import type { Row } from "./table.ts";
import { FULL, MAKE_FILES, MAKE_LARGE, SUM_TREE } from "./trees.ts";

const LIMIT_MS = 900_000;
/** A job of a quarter of an hour is no good, whatever it copies; emulated, both take one to two minutes. */
const WANTED_SECONDS = 240;

const TREES = [
  { name: `${FULL.files} files in and out`, script: MAKE_FILES, count: FULL.files },
  { name: `${FULL.mebibytes} MiB in one file in and out`, script: MAKE_LARGE, count: FULL.mebibytes },
];

/** Both trees, `count` times each. What comes out must be what went in. */
export async function measureSize(count: number, { signal, onProgress }: Surroundings): Promise<Row[]> {
  const rows: Row[] = [];
  for (const tree of TREES) {
    const seconds: number[] = [];
    const folder = `${SCRATCH}/tree`;
    await Deno.mkdir(folder);
    await runScript(`making ${tree.name}`, tree.script, [folder, String(tree.count)], signal);
    for (let round = 1; round <= count; round++) {
      onProgress(`${tree.name}: ${round} of ${count}`);
      seconds.push(await inAndOut(folder, signal));
    }
    await Deno.remove(folder, { recursive: true });
    const target = { at: "most", value: WANTED_SECONDS } as const;
    rows.push({ name: tree.name, unit: "s", target, result: { berth: summarize(seconds) } });
  }
  return rows;
}

async function inAndOut(folder: string, signal: AbortSignal): Promise<number> {
  const out = `${SCRATCH}/out`;
  const flags = ["--quiet", "--memory", "1G", "--workspace", folder, "--artifact", `/workspace=${out}`];
  const { startedMs, endedMs } = await runTimed(byBerth(flags, ["true"], LIMIT_MS), signal);
  const same = `[ "$(sum "$1")" = "$(sum "$2")" ] || { echo "what came out is not what went in" >&2; exit 1; }`;
  await runScript("comparing", `sum() ( ${SUM_TREE} )\n${same}`, [folder, out], signal);
  await Deno.remove(out, { recursive: true });
  return (endedMs - startedMs) / 1000;
}

async function runScript(what: string, script: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  await runTimed({ what, argv: ["sh", "-ec", script, "sh", ...args], limitMs: LIMIT_MS }, signal);
}
