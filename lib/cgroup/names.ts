/**
 * Names of groups, made of what people call their jobs and tenants. Pure.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { BerthError } from "../base/errors.ts";

/**
 * Kind of a group, which its name begins with. It keeps the name apart from interface files, none of which has a `-`
 * before its first dot, and from `supervisor`.
 */
export type NamePrefix = "vm" | "tenant";

/** Longer names are hard to read in `systemd-cgls`, and a deep tree must still fit into a path. */
const MOST_BYTES = 63;

/** 128 bits: nobody finds two texts with the same ones, not even on purpose. */
const HASH_DIGITS = 32;

/** What a name with a hash ends with. Texts that look like it get one as well, so that they can't stand for another. */
const HASHED = new RegExp(`-[0-9a-f]{${HASH_DIGITS}}$`);

/** How much of a text stands in the message about it. */
const SHOWN_CHARACTERS = 64;

/**
 * Name of the group of a VM or a tenant: readable, and another one for every other text.
 *
 * A text that is clean and short is the name. Every other one has the hash of the text in its name; as no name without
 * a hash looks as if it had one, the two kinds never meet.
 *
 * @example
 * ```ts
 * import { groupName } from "./names.ts";
 * groupName("tenant", "acme"); // "tenant-acme"
 * groupName("tenant", "acme/web"); // "tenant-acme-web-" and 32 digits
 * ```
 * @throws {BerthError} `usage.value` for a text without a letter or a digit.
 */
export function groupName(prefix: NamePrefix, text: string): string {
  const clean = cleanOf(text);
  if (clean === "") {
    const shown = JSON.stringify(text.slice(0, SHOWN_CHARACTERS));
    throw new BerthError("usage.value", `${shown} can't be a group's name: it needs a letter (A-Z, a-z) or a digit`);
  }
  const most = MOST_BYTES - `${prefix}-`.length;
  if (clean === text && clean.length <= most && !HASHED.test(clean)) return `${prefix}-${clean}`;
  return `${prefix}-${trim(clean.slice(0, most - HASH_DIGITS - 1))}-${hashOf(text)}`;
}

/** How much of a job's own name is in the name of its group: an id has to fit behind it, a unit's prefix before it. */
const MOST_LABEL_BYTES = 40;

/** Name of a VM for people: its job's id, with the job's name before it as far as a group's name can have it. */
export function vmLabel(id: string, name = ""): string {
  const clean = cleanOf(name).slice(0, MOST_LABEL_BYTES);
  return [trim(clean), id].filter((part) => part).join("-");
}

/**
 * True for the group of that job's VM. Ids are unlike each other and all equally long, so no name looks like another's.
 */
export function isVmGroup(group: string, id: string): boolean {
  return group.startsWith("vm-") && `-${group.slice("vm-".length)}`.endsWith(`-${id}`);
}

function cleanOf(text: string): string {
  return trim(text.replaceAll(/[^A-Za-z0-9_.-]/g, "-").replaceAll(/([-_.])[-_.]+/g, "$1"));
}

function trim(text: string): string {
  return text.replace(/^[-_.]+|[-_.]+$/g, "");
}

function hashOf(text: string): string {
  // Not as UTF-8, in which all halves of surrogate pairs become the same replacement character.
  const units = Uint16Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  return createHash("sha256").update(new Uint8Array(units.buffer)).digest("hex").slice(0, HASH_DIGITS);
}
