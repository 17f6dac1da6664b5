/**
 * Starts a VM from a saved state. One that does not come up in time is given up: a boot is to follow.
 *
 * @module
 */

import { describeError } from "../base/errors.ts";
import type { VmPlan } from "../vmm/vmm.ts";
import { attempt, type Attempted, type AttemptIo } from "./attempt.ts";
import { BootFailedError, describeFailure, endedByItself, expectJoined } from "./boot_failure.ts";
import type { BootTry } from "./plan.ts";
import type { Template, Templates } from "./templates.ts";

/** Of what a boot may take: where that is 60 s, a clone beside twelve other emulated guests on two cores took 7.5 s. */
const PART_OF_BOOT = 1 / 3;
/** A host's disk may be slow. */
const LEAST_MS = 5000;

/** What a clone needs beside its plan. */
export interface CloneIo extends AttemptIo {
  /** The first is how its template was booted. */
  readonly tries: readonly BootTry[];
  readonly templates: Pick<Templates, "blame">;
  /** Looks whether the VM has to go at once, which may not have been seen yet; absent: nobody can tell. */
  readonly look?: () => Promise<void>;
}

/**
 * Starts it. The caller owns what comes back.
 *
 * @returns why it did not come up, where a boot may do better.
 * @throws {BootFailedError} when somebody has ended it; {BerthError} `cgroup.*`; the reason of `stop`.
 */
export async function startClone(
  plan: VmPlan,
  { path, nonce }: Template,
  io: CloneIo,
): Promise<Attempted | { readonly why: string }> {
  const { stop, kill, tell, vmm } = io;
  const { accelerator, timeoutMs: bootMs } = io.tries[0];
  const timeoutMs = Math.min(bootMs, Math.max(LEAST_MS, bootMs * PART_OF_BOOT));
  tell({ kind: "attempt", attempt: 1, accelerator });
  const result = await attempt({ vm: { ...plan, state: path, nonce }, timeoutMs }, io);
  if ("vm" in result) {
    tell({ kind: "start", start: "clone" });
    return result;
  }
  expectJoined(result);
  if (result.kind === "stopped") throw stop.reason;
  const why = describeFailure(result, timeoutMs, vmm.title);
  tell({ kind: "seen", source: "berth", what: `the clone did not start: ${why}` });
  await io.look?.();
  // What has ended it from outside would end a boot, too.
  if (kill.aborted || (result.kind === "exit" && !endedByItself(result))) throw new BootFailedError(why);
  return { why: await isThrownAway(why, io) ? `${why}; its saved state is not used any more` : why };
}

/** A state that nobody can blame is tried again. */
async function isThrownAway(why: string, { templates, tell }: CloneIo): Promise<boolean> {
  try {
    return await templates.blame(why);
  } catch (error) {
    tell({ kind: "trouble", text: `that a clone did not start is not remembered: ${describeError(error)}` });
    return false;
  }
}
