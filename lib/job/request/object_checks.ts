/**
 * Checks of the objects and lists of a request. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { IO_KEYS, parseList } from "../../cgroup/limits.ts";
import { checkCacheName } from "../../disk/names.ts";
import { parseMountPoint } from "../volumes.ts";
import { checkDiskSize, checkGuestPath, checkText, count } from "./checks.ts";
import type { Place } from "./place.ts";
import type { ArtifactRequest, CacheRequest, RateRequest, VolumeRequest } from "./request.ts";

/** The kernel keeps operations in 32 bits, and takes the largest number for no limit (block/blk-throttle.c). */
const checkOperations = count(1, 0xffff_fffe);

/** The words of a command; none at all is the image's own. */
export function checkCommand(words: readonly string[], { name }: Place): readonly string[] {
  if (words[0] !== "") return words;
  throw new BerthError("usage.command", `${name}: the command is empty`);
}

/** The volume, with its mount point in one form. @throws {BerthError} `usage.value`. */
export function checkVolume(volume: VolumeRequest, place: Place): VolumeRequest {
  const mountPoint = parseMountPoint(volume.mountPoint, place.at("mountPoint").name);
  if ("path" in volume) return { ...volume, path: checkText(volume.path, place.at("path")), mountPoint };
  return { ...volume, sizeBytes: checkDiskSize(volume.sizeBytes, place.at("sizeBytes")), mountPoint };
}

/** The caches, of which none is there twice. @throws {BerthError} `usage.value`. */
export function checkCaches(caches: readonly CacheRequest[], place: Place): readonly CacheRequest[] {
  const checked = caches.map(({ name, mountPoint, sizeBytes }, index) => {
    const at = (part: string) => place.at(index).at(part);
    return {
      name: checkCacheName(name, at("name").name),
      mountPoint: parseMountPoint(mountPoint, at("mountPoint").name),
      sizeBytes: checkDiskSize(sizeBytes, at("sizeBytes")),
    };
  });
  const twice = findTwice(caches.map(({ name }) => name));
  if (twice === undefined) return checked;
  throw new BerthError("usage.value", `${place.name}: "${twice}" is given twice`);
}

/** The artifact. @throws {BerthError} `usage.value`. */
export function checkArtifact({ guest, host }: ArtifactRequest, place: Place): ArtifactRequest {
  return { guest: checkGuestPath(guest, place.at("guest")), host: checkText(host, place.at("host")) };
}

/** CPUs or memory nodes. */
export function checkList(text: string, { name }: Place): string {
  parseList(text, name);
  return text;
}

/** Rates of disks, each disk once. */
export function checkIoMax(rates: readonly RateRequest[], place: Place): readonly RateRequest[] {
  const checked = rates.map((rate, index) => checkRates(rate, place.at(index)));
  const twice = findTwice(checked.map(({ device }) => device));
  if (twice === undefined) return checked;
  const advice = place.text === undefined ? "give it all its rates at once" : `write ${twice}:KEY=RATE,KEY=RATE`;
  throw new BerthError("usage.value", `${place.name}: ${twice} is named more than once; ${advice}`);
}

function checkRates(rates: RateRequest, place: Place): RateRequest {
  for (const key of IO_KEYS) {
    if (rates[key] !== undefined) checkRate(rates[key], key, place.at(key));
  }
  const device = readDisk(rates.device);
  if (device === undefined) {
    throw new BerthError("usage.value", `${place.at("device").name}: "${rates.device}" ${NO_DISK}`);
  }
  return { ...rates, device };
}

/** The keys of rates. */
export const IO_RATES: typeof IO_KEYS = IO_KEYS;

/** What is said of a text that names no disk. */
export const NO_DISK = "names no disk: that is MAJOR:MINOR, a path in /dev, or a name like sda";

/** A rate per second: of bytes, or of operations. */
export function checkRate(rate: number, key: (typeof IO_KEYS)[number], place: Place): number {
  if (key.endsWith("iops")) return checkOperations(rate, place);
  if (rate > 0) return rate;
  throw new BerthError("usage.value", `${place.name}: the kernel takes no rate of 0; give 1 or more`);
}

/** `MAJOR:MINOR`, a name in /dev, or a path below a folder in /dev; undefined for anything else. */
export function readDisk(text: string): string | undefined {
  if (/^\d{1,4}:\d{1,7}$/.test(text)) return text.split(":").map(Number).join(":");
  // A name and its path in /dev are the same disk.
  const name = text.replace(/^\/dev\//, "");
  if (/^\.+$/.test(name)) return undefined;
  if (/^[\w.!+-]+$/.test(name)) return name;
  const isPath = /^\/dev(?:\/[\w.:,+@!=\\-]+)+$/.test(text) && !/\/\.+(?:\/|$)/.test(text);
  return isPath ? text : undefined;
}

function findTwice(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) < index);
}
