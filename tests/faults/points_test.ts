/**
 * Each fault of a process at each point of a job's life.
 *
 * @module
 */

import { plainPlace, prepareState, testFaults, tryFault } from "./harness.ts";
import { PROCESS_CASES } from "./points.ts";

testFaults(PROCESS_CASES, async () => plainPlace(await prepareState("points")), tryFault);
