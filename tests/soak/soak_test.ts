/**
 * A soak where the tests run. `deno task test:soak JOBS SEED` runs another number of jobs, or the same ones again, and
 * with `sound` behind it only jobs that have nothing wrong: so many clones in a row.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { type Case, plainPlace, prepareState } from "../faults/harness.ts";
import { JOB_CASES } from "../faults/jobs.ts";
import { KILL_CASES, PROCESS_CASES } from "../faults/points.ts";
import { soak, SOUND } from "./soak.ts";

const [jobs = 300, seed = Math.floor(Math.random() * 2 ** 31)] = Deno.args.slice(0, 2).map(Number);
/** The first job of a soak is saved, and those after it go on from that. */
const CLONE: Case = { ...SOUND, check: ({ report }) => assertEquals(report?.start, "clone") };
const cases = Deno.args[2] === "sound" ? [CLONE] : undefined;
const place = plainPlace(await prepareState("soak"));

// Those that wait for a timeout are for the other suites: here it is numbers that count.
const QUICK = [...JOB_CASES, ...PROCESS_CASES, ...KILL_CASES].filter(({ flags = [] }) => !flags.includes("--timeout"));

Deno.test(`${jobs} jobs in a row, seed ${seed}: no file, mount, socket, group or memory is left`, async () => {
  await soak(place, cases ?? QUICK, jobs, seed);
});
