/**
 * Jobs that lie, each on a host where nothing else is wrong.
 *
 * @module
 */

import { plainPlace, prepareState, testFaults, tryFault } from "./harness.ts";
import { JOB_CASES } from "./jobs.ts";

testFaults(JOB_CASES, async () => plainPlace(await prepareState("jobs")), tryFault);
