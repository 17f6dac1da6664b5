/**
 * Faults at the points that only guests come by whose state is saved, or who go on from one.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { berth, shell } from "../support/berth.ts";
import { plainPlace, prepareState, testFaults, tryFault } from "./harness.ts";
import { CLONE_CASES, PRISTINE } from "./clones.ts";

async function prepare(): Promise<ReturnType<typeof plainPlace>> {
  const state = await prepareState("clones");
  const made = await berth(["run", "--quiet", "--accel", "tcg", "--start", "clone", "--", "true"], { state });
  assertEquals(made.code, 0, made.stderr);
  await shell('cp -a "$1/images/.templates" "$1/$2"', state, PRISTINE);
  return plainPlace(state);
}

testFaults(CLONE_CASES, prepare, tryFault);
