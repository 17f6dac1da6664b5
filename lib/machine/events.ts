/**
 * What is told of a machine while it lives: by one function, as one union. Who wants to know of it consumes the events.
 *
 * @module
 */

import type { DriverName } from "../cgroup/driver.ts";
import type { Limits } from "../cgroup/limits.ts";
import type { GroupUsage } from "../cgroup/usage.ts";
import type { Accelerator } from "../vmm/vmm.ts";
import type { LogTail } from "./files.ts";
import type { Point } from "./points.ts";

/**
 * Who saw it. The guest's own account is `agent`; it may be the word of a job that has taken its guest over. All others
 * are out of a guest's reach: the VMM by its protocol (`qmp`) and as a process (`vmm`), the kernel's counters of the
 * VM's group (`cgroup`), who called berth (`caller`), and berth itself.
 */
export type Witness = "agent" | "qmp" | "vmm" | "cgroup" | "caller" | "berth";

/**
 * The phases of a job that its report has times of; each is told of when it is over. `restore` is within `boot`, and only
 * where a VM gets the state of a template.
 */
export type Phase = "prepare" | "restore" | "boot" | "run" | "cleanup";

/** What a machine tells. */
export type MachineEvent =
  /** A point of its life is reached, and nothing else has happened yet. */
  | { readonly kind: "point"; readonly point: Point }
  | { readonly kind: "phase"; readonly phase: Phase }
  /** Evidence for the verdict. */
  | { readonly kind: "seen"; readonly source: Witness; readonly what: string }
  /** Something worth knowing, for people. An early one was noted, and said, before there was a job. */
  | { readonly kind: "note"; readonly text: string; readonly early?: true }
  /** Something that went wrong, and changes no verdict. */
  | { readonly kind: "trouble"; readonly text: string }
  /** The VM is about to be booted, for the n-th time. */
  | { readonly kind: "attempt"; readonly attempt: number; readonly accelerator: Accelerator }
  /** The guest has said hello, and this is how it came to be; `why` it is cold although a clone was wanted. */
  | { readonly kind: "start"; readonly start: "cold" | "clone"; readonly why?: string }
  /** The VM's group is there: its path as the host sees it, the unit where systemd made it, the limits in force. */
  | {
    readonly kind: "group";
    readonly driver: DriverName;
    readonly cgroup: string;
    readonly unit?: string;
    readonly limits: Limits;
  }
  /** The limits that were in force at the end, as the kernel said. */
  | { readonly kind: "limits"; readonly limits: Limits }
  /** What the group has used in all, as the kernel counted. */
  | { readonly kind: "usage"; readonly usage: GroupUsage }
  /** The end of a log. */
  | { readonly kind: "log"; readonly log: LogTail };

/** Takes note of an event; it neither waits nor throws. */
export type Tell<E = MachineEvent> = (event: E) => void;
