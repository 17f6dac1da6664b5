/**
 * The disks of a job beside its root: what each is made from, where the guest mounts it, and what becomes of it. Pure.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { volumeWindow, WORKSPACE } from "../host/windows.ts";
import type { VolumeSpec } from "../image/spec.ts";
import type { DiskPlan, DiskSource } from "../machine/disk_plan.ts";
import type { CacheRequest, VolumeRequest } from "./request/request.ts";

/** What `--volume` and `--cache` may name in all: with the root and the workspace what the machine of a VMM has room for. */
export const MOST_VOLUMES = 16;

/** What the guest itself has there, or what berth mounts. */
const TAKEN = ["/", "/proc", "/sys", "/dev"];

/** A volume as its window shows it. */
export type SeenVolume = VolumeRequest & {
  /** Absent: it is a new one, or a file. */
  readonly isFolder?: boolean;
};

/** What is known of the volumes only where they can be seen. */
export interface VolumeInputs {
  /** The job's folder. */
  readonly folder: string;
  readonly storeDisk?: string;
  readonly imageVolumes: readonly VolumeSpec[];
  readonly scratchBytes?: number;
  readonly workspace: boolean;
  readonly volumes: readonly SeenVolume[];
  readonly caches: readonly CacheRequest[];
}

/** All disks, in the order in which they are mounted: what is mounted below another comes after it. */
export function planDisks(inputs: VolumeInputs): DiskPlan[] {
  const { folder, storeDisk, scratchBytes } = inputs;
  const made = (serial: string, source: DiskSource, mountPoint?: string): DiskPlan => ({
    serial,
    path: `${folder}/${serial}.ext4`,
    readOnly: false,
    source,
    mountPoint,
  });
  const mounted = [
    ...(inputs.workspace ? [made("workspace", { kind: "folder", from: WORKSPACE }, "/workspace")] : []),
    ...inputs.imageVolumes.map((volume, index) => planImageVolume(volume, `image${index}`, made)),
    ...inputs.volumes.map((volume, index) => planVolume(volume, index, made)),
    ...inputs.caches.map(({ mountPoint, ...cache }, index) =>
      made(`cache${index}`, { kind: "cache", ...cache }, mountPoint)
    ),
  ];
  expectApart(mounted);
  return [
    ...(storeDisk ? [{ serial: "root", role: "root" as const, path: storeDisk, readOnly: true }] : []),
    ...(scratchBytes === undefined
      ? []
      : [{ ...made("scratch", { kind: "new", sizeBytes: scratchBytes }), role: "scratch" as const }]),
    ...mounted.toSorted((a, b) => depth(a.mountPoint!) - depth(b.mountPoint!)),
  ];
}

type Make = (serial: string, source: DiskSource, mountPoint?: string) => DiskPlan;

function planImageVolume({ image, mountPoint, sizeMiB, readOnly }: VolumeSpec, serial: string, made: Make): DiskPlan {
  const place = parseMountPoint(mountPoint, "the image's spec");
  if (sizeMiB !== undefined) return made(serial, { kind: "new", sizeBytes: sizeMiB * 1024 ** 2 }, place);
  if (readOnly) return { serial, path: image, readOnly, mountPoint: place };
  return made(serial, { kind: "file", from: image }, place);
}

function planVolume(volume: SeenVolume, index: number, made: Make): DiskPlan {
  const serial = `volume${index}`;
  const { mountPoint } = volume;
  if ("sizeBytes" in volume) return made(serial, { kind: "new", sizeBytes: volume.sizeBytes }, mountPoint);
  const from = volumeWindow(index);
  // It is the guest that mounts it read-only: of a disk that is only read, a VMM of a user of its own would get a copy.
  if (volume.isFolder) return made(serial, { kind: "folder", from, readOnly: volume.readOnly }, mountPoint);
  if (volume.readOnly) return { serial, path: from, readOnly: true, mountPoint };
  return made(serial, { kind: "file", from }, mountPoint);
}

/** The path without what means nothing in it. @throws {BerthError} `usage.value`. @param flag names the value. */
export function parseMountPoint(text: string, flag: string): string {
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  const path = `/${parts.join("/")}`;
  const [top] = parts;
  if (text.startsWith("/") && !parts.includes("..") && !TAKEN.includes(path) && !TAKEN.includes(`/${top}`)) {
    return path;
  }
  throw new BerthError(
    "usage.value",
    `${flag}: a volume can't be at "${text}" in the guest; name a folder, as in /data`,
  );
}

function expectApart(disks: readonly DiskPlan[]): void {
  if (disks.length > MOST_VOLUMES) {
    throw new BerthError(
      "usage.value",
      `a job can have ${MOST_VOLUMES} volumes at most, and would have ${disks.length}`,
    );
  }
  const seen = new Set<string>();
  for (const { mountPoint } of disks) {
    if (seen.has(mountPoint!)) {
      throw new BerthError("usage.value", `two volumes would be at ${mountPoint} in the guest`);
    }
    seen.add(mountPoint!);
  }
}

function depth(path: string): number {
  return path.split("/").length;
}
