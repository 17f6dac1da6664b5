/**
 * The benchmark: berth and what one would use instead, side by side in one run, in turns.
 *
 * It prints medians and ratios and asserts no time, because a machine that is busy with something else slows both. The
 * exit status says only whether everything ran. Results go to stdout, progress to stderr.
 *
 * @module
 */

import { describeError } from "../../lib/base/errors.ts";
import { type Arguments, parseArguments } from "./arguments.ts";
import { shell } from "./child.ts";
import { prepareSetup, readFacts } from "./machine.ts";
import { measureColdRun, measureOutput, measureStart, type Surroundings } from "./measure.ts";
import { leftovers, openScratch } from "./places.ts";
import { measureClones } from "./clone.ts";
import { measureImage } from "./image.ts";
import { measureSize } from "./size.ts";
import { align, formatRows, type Row, rowIsMet } from "./table.ts";

const SIGNAL_STATUS = { SIGINT: 130, SIGTERM: 143 } as const;

const stop = new AbortController();
let status = 0;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {
    status = SIGNAL_STATUS[signal];
    stop.abort(new Error(`stopped by ${signal}`));
  });
}
try {
  await bench(parseArguments(Deno.args), {
    signal: stop.signal,
    onProgress: (line) => console.error(`bench: ${line}`),
  });
} catch (error) {
  console.error(`bench: ${describeError(error)}`);
  status ||= 1;
}
Deno.exit(status);

async function bench(args: Arguments, surroundings: Surroundings): Promise<void> {
  await using stack = new AsyncDisposableStack();
  stack.use(await openScratch());
  stack.defer(expectNothingLeft);
  const facts = await readFacts();
  surroundings.onProgress("a first run, which may build the image");
  const setup = await prepareSetup(surroundings.signal);
  const machine = { ...facts, accelerator: setup.accelerator };
  console.log(`${align(Object.entries(machine))}\n`);
  const rows: Row[] = [
    await measureStart(args.starts, surroundings),
    await measureColdRun(setup, args.pairs, surroundings),
    ...await measureClones(setup, args.pairs, surroundings),
    await measureImage(args.pairs, surroundings),
    ...await measureOutput(setup, { pairs: args.outputPairs, mebibytes: args.outputMiB }, surroundings),
    ...await measureSize(args.sizes, surroundings),
  ];
  const { load: loadAtEnd } = await readFacts();
  console.log(`${formatRows(rows)}\n\nload at the end: ${loadAtEnd}`);
  const results = rows.map((row) => ({ ...row, met: rowIsMet(row) }));
  if (args.json) await writeJson(args.json, { machine: { ...machine, loadAtEnd }, results });
}

async function expectNothingLeft(): Promise<void> {
  const left = await leftovers();
  if (left.length) throw new Error(`this was left behind:\n${left.join("\n")}`);
}

/** By a shell, because the permissions can't name a path that is known only now. */
async function writeJson(path: string, content: unknown): Promise<void> {
  await shell(`writing ${path}`, 'printf "%s\\n" "$2" >"$1"', path, JSON.stringify(content, null, 2));
}
