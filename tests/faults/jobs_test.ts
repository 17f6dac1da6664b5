/**
 * Jobs that lie, each on a host where nothing else is wrong.
 *
 * @module
 */

import { plainPlace, prepareState, testFaults, tryFault } from "./harness.ts";
import { JOB_CASES } from "./jobs.ts";

const place = plainPlace(await prepareState("jobs"));

testFaults(JOB_CASES, (one) => tryFault(place, one));
