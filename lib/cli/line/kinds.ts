/**
 * How the text of a flag is read, by the kind of its value. What the value may be is for the request's rules. Pure.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { parseDuration, parseSize } from "../../base/units.ts";
import { checkRate, IO_RATES, NO_DISK, readDisk } from "../../job/request/object_checks.ts";
import { type Place, textPlace } from "../../job/request/place.ts";
import type { ArtifactRequest, CacheRequest, RateRequest, VolumeRequest } from "../../job/request/request.ts";
import { DEFAULT_CACHE_BYTES } from "../../disk/names.ts";
import type { UidRange } from "../../machine/vm_user.ts";
import type { Kind, Kinds } from "./flag.ts";

type Read<T> = (text: string, place: Place) => T;

/** @throws {BerthError} `usage.value`. */
export const KINDS: { readonly [K in Kind]: Read<Kinds[K]> } = {
  text: (text) => text,
  size: (text, { name }) => parseSize(text, name),
  duration: (text, { name }) => parseDuration(text, name),
  count: readCount,
  rates: readRates,
  volume: readVolume,
  cache: readCache,
  artifact: readArtifact,
  range: readRange,
  switch: () => true,
};

/** NaN for what is no whole number: the rule says which are right. */
function readCount(text: string): number {
  return /^\d{1,10}$/.test(text) ? Number(text) : NaN;
}

/** Reads `DEV:KEY=RATE,KEY=RATE`. */
function readRates(text: string, { name }: Place): RateRequest {
  const wrong = (what: string) => {
    const right = "write DEV:KEY=RATE, as in sda:rbps=10M,wiops=500, with the keys rbps wbps riops wiops";
    return new BerthError("usage.value", `${name}: "${text}" ${what}; ${right}`);
  };
  // A device may have colons of its own, as in 8:0 and in /dev/disk/by-path.
  const colon = text.lastIndexOf(":");
  const rates: Partial<Record<typeof IO_RATES[number], number>> = {};
  for (const part of text.slice(colon + 1).split(",")) {
    const [word, value, ...rest] = part.split("=");
    const key = IO_RATES.find((one) => one === word);
    if (colon < 0 || !key || !value || rest.length) throw wrong(`has no rate in "${part}"`);
    if (rates[key] !== undefined) throw wrong(`has ${key} more than once`);
    const place = textPlace(`${name} ${key}`, [value]);
    rates[key] = checkRate(key.endsWith("iops") ? readCount(value) : parseSize(value, place.name), key, place);
  }
  const device = readDisk(text.slice(0, colon));
  if (device === undefined) throw wrong(NO_DISK);
  return { device, ...rates };
}

function readVolume(text: string, { name }: Place): VolumeRequest {
  if (text.startsWith("new:")) {
    const [, size, mountPoint = ""] = /^new:([^:]*)(?::(.*))?$/s.exec(text)!;
    return { sizeBytes: parseSize(size, name), mountPoint };
  }
  // From the right, as a host's path may have a colon. A path that ends in :ro can be given with :rw.
  const match = /^(.+?):(\/.*?)(?::(ro|rw))?$/s.exec(text);
  if (!match) {
    throw new BerthError("usage.value", `${name}: "${text}" is neither PATH:GUEST[:ro] nor new:SIZE:GUEST`);
  }
  const [, path, mountPoint, access] = match;
  return { path, mountPoint, readOnly: access === "ro" };
}

function readCache(text: string, place: Place): CacheRequest {
  const match = /^([^:]*):(\/.*?)(?::([^:/]*))?$/s.exec(text);
  if (!match) throw new BerthError("usage.value", `${place.name}: "${text}" is not NAME:GUEST[:SIZE]`);
  const [, name, mountPoint, size] = match;
  return { name, mountPoint, sizeBytes: size === undefined ? DEFAULT_CACHE_BYTES : parseSize(size, place.name) };
}

function readArtifact(text: string, { name }: Place): ArtifactRequest {
  // The last =, as a guest's path may have one and a folder's seldom does.
  const equals = text.lastIndexOf("=");
  if (equals < 1 || equals === text.length - 1) {
    throw new BerthError("usage.value", `${name}: "${text}" names no two places; write GUEST=DIR`);
  }
  return { guest: text.slice(0, equals), host: text.slice(equals + 1) };
}

/** Reads `FIRST-LAST`; 0 to 0, which is no range, for anything else. */
function readRange(text: string): UidRange {
  const [, first, last] = /^(\d{1,10})-(\d{1,10})$/.exec(text)?.map(Number) ?? [0, 0, 0];
  return { first, last };
}
