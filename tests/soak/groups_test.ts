/**
 * A soak with groups, inside the test host: `deno task test:host -- --timeout 5400 tests/soak/groups_test.ts`.
 *
 * @module
 */

import { GROUP_CASES, groupPlace, PARENT } from "../faults/groups.ts";
import { JOB_CASES } from "../faults/jobs.ts";
import { KILL_CASES, PROCESS_CASES } from "../faults/points.ts";
import { withParent } from "../support/host/host_jobs.ts";
import { soak } from "./soak.ts";

const JOBS = 300;
const seed = Math.floor(Math.random() * 2 ** 31);
const place = await groupPlace("soak-groups");

const QUICK = [
  ...[...JOB_CASES, ...PROCESS_CASES, ...KILL_CASES].filter(({ flags = [] }) => !flags.includes("--timeout")),
  ...GROUP_CASES.filter(({ label }) => !/frozen|forks/.test(label)),
];

Deno.test(`${JOBS} jobs in a row with groups, seed ${seed}: nothing is left`, async () => {
  await withParent(PARENT, () => soak(place, QUICK, JOBS, seed));
});
