/**
 * Each fault of a process at each point of a job's life.
 *
 * @module
 */

import { plainPlace, prepareState, testFaults } from "./harness.ts";
import { PROCESS_CASES } from "./points.ts";

testFaults(plainPlace(await prepareState("points")), PROCESS_CASES);
