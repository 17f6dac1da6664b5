/**
 * A job as the user asks for it.
 *
 * @module
 */

/** Whether berth uses something: if it can, or must it, or not at all. */
export type Need = "auto" | "require" | "off";

/** What is to be run, and under which conditions. Absent is: as the image says, or no limit. */
export interface JobSpec {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workdir?: string;
  readonly user: string;
  readonly stdin: boolean;
  readonly name?: string;
  readonly workspace: boolean;
  /** Paths in the guest; the n-th comes out into the n-th artifact window. */
  readonly artifacts: readonly string[];
  readonly memoryBytes?: number;
  readonly cpus?: number;
  readonly pidsMax: number;
  readonly timeoutMs?: number;
  readonly bootTimeoutMs?: number;
  readonly accel: "auto" | "kvm" | "tcg";
  readonly limits: Need;
  readonly jail: Need;
}

/** `pids.max` counts threads: QEMU peaks at about 40 with io_uring and 100 with its thread pool. */
export const DEFAULT_PIDS_MAX = 256;
