/**
 * `berth image warm`: a guest is booted before a job needs it, so that jobs begin as clones of it.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { formatBytes } from "../base/units.ts";
import type { JobRequest } from "../job/request/request.ts";
import { STOP_SIGNALS, StopRequest } from "../job/stop.ts";
import { BootFailedError } from "../machine/boot_failure.ts";
import { createMachine } from "../machine/create_machine.ts";
import type { MachineEvent } from "../machine/events.ts";
import { JailTrial } from "./jail_trial.ts";
import { compose } from "./run.ts";
import type { Words } from "./words.ts";

/**
 * Makes a machine of the guest that such a job would have, and nothing else with it. Whether its state was there already is
 * seen by that, too: then it is one more clone.
 *
 * @param asked a job that is to be a clone; what it would run is not run.
 * @throws {BerthError} `vm.clone` when there can be no clones of it; `job.boot`; as a job for all else.
 */
export async function warmImage(asked: JobRequest, words: Words): Promise<void> {
  const stop = new StopRequest();
  for (const signal of STOP_SIGNALS) Deno.addSignalListener(signal, () => stop.stop(signal));
  words.hurryOn(stop.requested);
  await using stack = new AsyncDisposableStack();
  const trial = stack.use(new JailTrial(asked, stop.requested));
  const { plan, host } = await compose(asked, { stop, trial }, words, stack);
  if (host.uncloneable !== undefined) throw new BerthError("vm.clone", host.uncloneable);
  let wasThere = false;
  const tell = (event: MachineEvent) => {
    if (event.kind === "start") wasThere = event.start === "clone";
    if (event.kind === "note" || event.kind === "trouble") words.note(event.text);
  };
  try {
    await using _machine = await createMachine(plan, { ...host, stop: stop.requested, kill: stop.insisted, tell });
  } catch (error) {
    if (error instanceof BootFailedError) throw new BerthError("job.boot", error.message);
    throw error;
  }
  const { memoryMiB, vcpus, accelerator } = plan.vm;
  const shape = `${formatBytes(memoryMiB * 1024 ** 2)}, ${vcpus} vCPU${vcpus === 1 ? "" : "s"}, ${accelerator}`;
  const done = wasThere ? "such a guest is saved already: a clone of it has started" : "a guest is saved";
  words.note(`image "${plan.image}" (${shape}): ${done}`);
}
