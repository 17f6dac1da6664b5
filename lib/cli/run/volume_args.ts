/**
 * What the flags of `berth run` say about disks. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { parseSize } from "../../base/units.ts";
import { checkCacheName, DEFAULT_CACHE_BYTES } from "../../disk/cache.ts";
import { DEFAULT_MIN_FREE_BYTES } from "../../disk/watch.ts";
import { DEFAULT_DISK_BYTES, type JobSpec } from "../../job/spec.ts";
import { type CacheRequest, parseMountPoint, type VolumeRequest } from "../../job/volumes.ts";
import type { ParsedFlags } from "../line/parse.ts";
import { choice, optional } from "../line/values.ts";

/** A smaller file system has no room for its own tables. */
const LEAST_BYTES = 1024 ** 2;
/** What a file of ext4, the usual file system of a host, can have. */
const MOST_BYTES = 16 * 1024 ** 4 - 4096;

/** The part of a job's spec that is about disks, and the paths of the host that the volumes name. */
export interface DiskArgs {
  readonly disks: Pick<JobSpec, "scratchBytes" | "volumes" | "caches" | "diskBytes" | "minFreeBytes" | "artifactOn">;
  /** In the order of `disks.volumes`; undefined for new ones. */
  readonly volumePaths: readonly (string | undefined)[];
}

/** @throws {BerthError} `usage.*`. */
export function parseDiskArgs(flags: ParsedFlags): DiskArgs {
  const volumes = flags.values("volume").map(parseVolume);
  const caches = flags.values("cache").map(parseCache);
  const twice = caches.find(({ name }, index) => caches.findIndex((cache) => cache.name === name) !== index);
  if (twice) throw new BerthError("usage.value", `--cache: "${twice.name}" is given twice`);
  return {
    disks: {
      scratchBytes: optional(flags.value("scratch"), (text) => parseDiskSize(text, "--scratch")),
      volumes: volumes.map(({ request }) => request),
      caches,
      diskBytes: optional(flags.value("disk"), (text) => parseSize(text, "--disk")) ?? DEFAULT_DISK_BYTES,
      minFreeBytes: optional(flags.value("min-free"), (text) => parseSize(text, "--min-free")) ??
        DEFAULT_MIN_FREE_BYTES,
      artifactOn: choice(flags, "artifact-on", ["success", "failure", "always"]),
    },
    volumePaths: volumes.map(({ path }) => path),
  };
}

function parseVolume(text: string): { request: VolumeRequest; path?: string } {
  if (text.startsWith("new:")) {
    const [, size, guest = ""] = /^new:([^:]*)(?::(.*))?$/s.exec(text)!;
    const sizeBytes = parseDiskSize(size, "--volume");
    return { request: { kind: "new", mountPoint: parseMountPoint(guest, "--volume"), sizeBytes } };
  }
  // From the right, as a host's path may have a colon. A path that ends in :ro can be given with :rw.
  const match = /^(.+?):(\/.*?)(?::(ro|rw))?$/s.exec(text);
  if (!match) {
    throw new BerthError("usage.value", `--volume: "${text}" is neither PATH:GUEST[:ro] nor new:SIZE:GUEST`);
  }
  const [, path, guest, access] = match;
  const mountPoint = parseMountPoint(guest, "--volume");
  return { request: { kind: "path", mountPoint, readOnly: access === "ro" }, path };
}

function parseCache(text: string): CacheRequest {
  const match = /^([^:]*):(\/.*?)(?::([^:/]*))?$/s.exec(text);
  if (!match) throw new BerthError("usage.value", `--cache: "${text}" is not NAME:GUEST[:SIZE]`);
  const [, name, guest, size] = match;
  return {
    name: checkCacheName(name, "--cache"),
    mountPoint: parseMountPoint(guest, "--cache"),
    sizeBytes: size === undefined ? DEFAULT_CACHE_BYTES : parseDiskSize(size, "--cache"),
  };
}

function parseDiskSize(text: string, flag: string): number {
  const bytes = parseSize(text, flag);
  if (bytes >= LEAST_BYTES && bytes <= MOST_BYTES) return bytes;
  throw new BerthError("usage.value", `${flag}: a disk of ${text} can't be made; give it 1M to 16383G`);
}
