/**
 * Ends that look like a guest's or its VMM's, and are the host's disk's.
 *
 * @module
 */

import { describeError } from "../base/errors.ts";
import type { DiskWatch } from "../host/disk.ts";
import type { EvidenceLog } from "./evidence.ts";
import { type End, infra } from "./verdict.ts";

/** Ends of a VM, not of its job. */
export const BROKEN_OFF: readonly End["kind"][] = ["boot-failed", "vm-ended", "vm-paused", "agent-lost"];

/**
 * What ended where the host's disk is full or read-only ended for that reason, whatever it looks like.
 *
 * @param kinds the ends of which that can be so.
 */
export async function blameDisk(
  { signal, look }: DiskWatch,
  end: End,
  evidence: EvidenceLog,
  kinds = BROKEN_OFF,
): Promise<End> {
  await look();
  if (!signal.aborted || !kinds.includes(end.kind)) return end;
  evidence.note("berth", describeError(signal.reason));
  return infra(signal.reason);
}
