/**
 * A soak where the tests run. `deno task test:soak JOBS SEED` runs another number of jobs, or the same ones again.
 *
 * @module
 */

import { plainPlace, prepareState } from "../faults/harness.ts";
import { JOB_CASES } from "../faults/jobs.ts";
import { KILL_CASES, PROCESS_CASES } from "../faults/points.ts";
import { soak } from "./soak.ts";

const [jobs = 300, seed = Math.floor(Math.random() * 2 ** 31)] = Deno.args.map(Number);
const place = plainPlace(await prepareState("soak"));

// Those that wait for a timeout are for the other suites: here it is numbers that count.
const QUICK = [...JOB_CASES, ...PROCESS_CASES, ...KILL_CASES].filter(({ flags = [] }) => !flags.includes("--timeout"));

Deno.test(`${jobs} jobs in a row, seed ${seed}: no file, mount, socket, group or memory is left`, async () => {
  await soak(place, QUICK, jobs, seed);
});
