/**
 * The three measurements.
 *
 * @module
 */

import { BINARY, byBerth, byHand, outputCalls, type Setup, startCalls } from "./calls.ts";
import { type Call, type Run, runTimed } from "./child.ts";
import { MemoryWatch } from "./memory.ts";
import { SCRATCH } from "./places.ts";
import { compare, growthMiB, mebibytesPerSecond, summarize } from "./statistics.ts";
import type { Row } from "./table.ts";

/** What every measurement is told. */
export interface Surroundings {
  readonly signal: AbortSignal;
  /** Called with a line before each pair. */
  readonly onProgress: (line: string) => void;
}

/** Side of a comparison: takes one sample. */
export type Side<T> = () => Promise<T>;

/** Takes both sides in turns, each of them first in every second pair, after a pair that does not count. */
export async function inTurns<T>(
  name: string,
  count: number,
  [berth, other]: [Side<T>, Side<T>],
  { onProgress }: Surroundings,
): Promise<[berth: T, other: T][]> {
  const pairs: [T, T][] = [];
  for (let pair = 0; pair <= count; pair++) {
    onProgress(pair === 0 ? `${name}: warm-up` : `${name}: pair ${pair} of ${count}`);
    const early = pair % 2 ? undefined : await other();
    const ours = await berth();
    const theirs = early ?? await other();
    if (pair > 0) pairs.push([ours, theirs]);
  }
  return pairs;
}

export const millis = ({ startedMs, endedMs }: Run) => endedMs - startedMs;

/** Start-up of the program itself against the least that Deno can do. */
export async function measureStart(count: number, surroundings: Surroundings): Promise<Row> {
  const folder = `${SCRATCH}/start`;
  await Deno.mkdir(folder);
  await Deno.writeTextFile(`${folder}/deno.json`, "{}\n");
  await Deno.writeTextFile(`${folder}/empty.ts`, "");
  const side = (call: Call) => async () => millis(await runTimed(call, surroundings.signal));
  const [berth, empty] = (await startCalls(folder)).map(side);
  const pairs = await inTurns("start-up", count, [berth, empty], surroundings);
  return {
    name: "berth --version (opponent: an empty program)",
    unit: "ms",
    target: { at: "most", value: BINARY ? 1.3 : 1.5 },
    result: compare(pairs),
  };
}

/** A whole job that does nothing. */
export async function measureColdRun(setup: Setup, count: number, surroundings: Surroundings): Promise<Row> {
  const side = (call: Call) => async () => {
    const run = await runTimed(call, surroundings.signal);
    expectBytes(call, run, 0);
    return millis(run);
  };
  const sides: [Side<number>, Side<number>] = [
    side(byBerth(["--quiet", "--start", "cold"], ["true"])),
    side(await byHand(setup, ["true"])),
  ];
  return {
    name: "berth run -- true (opponent: by hand)",
    unit: "ms",
    target: { at: "most", value: BINARY ? 1.1 : 1.15 },
    result: compare(await inTurns("cold run", count, sides, surroundings)),
  };
}

/** Much output, and what it does to the host process's memory. */
export async function measureOutput(
  setup: Setup,
  { pairs: count, mebibytes }: { readonly pairs: number; readonly mebibytes: number },
  surroundings: Surroundings,
): Promise<Row[]> {
  const growths: number[] = [];
  const [berth, hand] = await outputCalls(setup, mebibytes);
  const speed = (call: Call, run: Run) => {
    expectBytes(call, run, mebibytes * 1024 ** 2);
    return mebibytesPerSecond(run.bytes, run.firstByteMs, run.lastByteMs);
  };
  const ours = async () => {
    const { run, growth } = await runWatched(berth, surroundings.signal);
    growths.push(growth);
    return speed(berth, run);
  };
  const theirs = async () => speed(hand, await runTimed(hand, surroundings.signal));
  const pairs = await inTurns("output", count, [ours, theirs], surroundings);
  return [
    {
      name: `${mebibytes} MiB of output (opponent: by hand)`,
      unit: "MiB/s",
      target: { at: "least", value: 0.8 },
      result: compare(pairs),
    },
    {
      name: "growth of the host process meanwhile",
      unit: "MiB",
      target: { at: "below", value: 32 },
      // The first is the warm-up's.
      result: { berth: summarize(growths.slice(1)) },
    },
  ];
}

async function runWatched(call: Call, signal: AbortSignal): Promise<{ run: Run; growth: number }> {
  await using stack = new AsyncDisposableStack();
  let watch: MemoryWatch | undefined;
  const run = await runTimed(call, signal, (front) => watch = stack.use(new MemoryWatch(front)));
  return { run, growth: growthMiB(watch!.samples, run.firstByteMs, run.lastByteMs) };
}

function expectBytes({ what }: Call, { bytes }: Run, expected: number): void {
  if (bytes !== expected) throw new Error(`${what}: ${bytes} bytes came out instead of ${expected}`);
}
