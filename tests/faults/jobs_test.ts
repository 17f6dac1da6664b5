/**
 * Jobs that lie, each on a host where nothing else is wrong.
 *
 * @module
 */

import { plainPlace, prepareState, testFaults } from "./harness.ts";
import { JOB_CASES } from "./jobs.ts";

testFaults(plainPlace(await prepareState("jobs")), JOB_CASES);
