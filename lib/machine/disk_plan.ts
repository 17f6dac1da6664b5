/**
 * The disks of a machine: what each is made from, and where its guest mounts it. Pure.
 *
 * @module
 */

import type { GuestVolume } from "../guest/fragment.ts";
import type { Disk } from "../vmm/vmm.ts";

/** How a disk comes to be. Absent in a plan: it is there, and is only read. */
export type DiskSource =
  | { readonly kind: "new"; readonly sizeBytes: number }
  /** A copy of a folder's content. */
  | { readonly kind: "folder"; readonly from: string; readonly readOnly?: boolean }
  /** A copy of a file. */
  | { readonly kind: "file"; readonly from: string }
  | { readonly kind: "cache"; readonly name: string; readonly sizeBytes: number };

/** A disk of the guest, with where it comes from and where it goes. */
export interface DiskPlan extends Disk {
  readonly source?: DiskSource;
  /** Absent: it is a part of the root. */
  readonly mountPoint?: string;
}

/** What the agent is told of the disks that it mounts. @param fresh those of the caches that are empty, by serial. */
export function planGuestVolumes(disks: readonly DiskPlan[], fresh: ReadonlySet<string> = new Set()): GuestVolume[] {
  return disks.flatMap(({ serial, source, mountPoint, readOnly }) =>
    mountPoint === undefined ? [] : [{ serial, mountPoint, state: stateOf(source, readOnly, fresh.has(serial)) }]
  );
}

function stateOf(source: DiskSource | undefined, readOnly: boolean, isFresh: boolean): GuestVolume["state"] {
  if (readOnly) return "ro";
  if (source?.kind === "new" || isFresh) return "fresh";
  if (source?.kind === "folder") return source.readOnly ? "copied-ro" : "copied";
  return "rw";
}
