/**
 * A machine: a booted VM, with all that it has on its host.
 *
 * @module
 */

import type { GroupUsage } from "../cgroup/usage.ts";
import type { CacheStore } from "../disk/cache.ts";
import type { DiskWatch } from "../disk/watch.ts";
import type { Hub } from "../guest/hub.ts";
import type { GuestLink } from "../guest/link.ts";
import type { Session } from "../guest/session.ts";
import type { Booted } from "../vmm/accelerator.ts";
import type { OpenVmm, Vm } from "../vmm/vmm.ts";
import type { Tell } from "./events.ts";
import type { Command, Exec } from "./exec.ts";
import type { GroupIo } from "./group.ts";
import type { Templates } from "./templates.ts";

/** What a machine is connected to. */
export interface MachineIo extends GroupIo {
  /** Where guests dial in. */
  readonly hub: Hub;
  readonly vmm: OpenVmm;
  readonly caches: CacheStore;
  /** Saved states that the VM may go on from, of its plan's shape; absent: it boots, and its own is not kept. */
  readonly templates?: Templates;
  /** Why there are none, where some were wanted. */
  readonly uncloneable?: string;
  /** Absent: what runs in it has an empty input. */
  readonly stdin?: ReadableStream<Uint8Array>;
  /** Aborted when nobody wants the machine any more: it is made no further, and what is kept of it is not waited for. */
  readonly stop: AbortSignal;
  /** Aborted when it has to go at once. */
  readonly kill: AbortSignal;
  readonly tell: Tell;
  /** Called when the machine's folder is there, and what dead ones have left is gone: nothing else is made before. */
  readonly onFolder?: () => Promise<unknown>;
  /** Told how the guest has booted. */
  readonly onBooted: (booted: Booted) => Promise<void>;
}

/** A machine. Disposing removes all of it; it never rejects, what goes wrong is told as troubles. */
export interface Machine extends AsyncDisposable {
  /** Settles when the VM has ended, or is stopped by its VMM; see there. */
  readonly vm: Pick<Vm, "exited" | "paused" | "kill" | "quit">;
  /**
   * Starts a command in the guest: beside others, as far as the plan has lanes for them. The first that starts has the
   * guest mount what it is to have; others begin after that. They have no input, but for the first.
   *
   * @throws {BerthError} `machine.busy` when as many run as can.
   */
  exec(command: Command): Exec;
  /** The agent: it hands artifacts over and flushes, one request after another, while no command runs. */
  readonly session: Pick<Session, "collect" | "flush" | "next">;
  /** Where the guest's output and its artifacts come out; the first output is that of the first command. */
  readonly link: Pick<GuestLink, "outputs" | "artifacts">;
  /** Whether there is a cache whose changes are kept. */
  readonly hasCaches: boolean;
  /** What its group has used so far; undefined where it has none. */
  usage(): Promise<GroupUsage | undefined>;
  /** Settles when the input broke off, with the reason; what reads it waits in vain. Never rejects. */
  readonly inputBroken: Promise<unknown>;
  /** Its room on the host's disk; a VM that has none any more is ended by that. */
  readonly space: DiskWatch;
  /** Ends the VM for certain, if it is still there. Never rejects. */
  end(): Promise<void>;
  /** Keeps what was written to its caches. The VM is to have ended. @returns what went wrong. */
  saveCaches(): Promise<string[]>;
  /** Gives the room of its disks back before its end; nothing of them is kept. */
  removeDisks(): Promise<void>;
}
