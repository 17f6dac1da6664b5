/**
 * What a job is connected to.
 *
 * @module
 */

import type { MachineIo } from "../machine/machine.ts";
import type { Tell } from "../machine/events.ts";
import type { Told } from "./events.ts";
import type { Sink } from "./output/source.ts";
import type { StopRequest } from "./stop.ts";

/** What a job is connected to. */
export interface JobIo extends Omit<MachineIo, "stop" | "kill" | "tell" | "onFolder"> {
  /** What was noted, and said, before there was a job. */
  readonly notes?: readonly string[];
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly stop: StopRequest;
  /** Told of each event as it happens, before anything else does. */
  readonly tell?: Tell<Told>;
}
