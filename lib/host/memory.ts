/**
 * What berth has found out about this host and need not find out again until the next boot.
 *
 * @module
 */

import { ignoreNotFound } from "../base/errors.ts";
import { HOST_FACTS, STATE } from "./windows.ts";

const FILE = `${STATE}/host.json`;

/** What it is written as, until all of it is there. */
const UNFINISHED = /^host\.json\.[0-9a-f-]{36}$/;
/** Writing it takes less than a millisecond. */
const LEFT_MS = 60_000;

/** What is remembered. Absent is not known yet. */
export interface HostMemory {
  readonly kvm?: {
    readonly works: boolean;
    readonly detail: string;
    /** A finding that may be the host's bad day holds until then, in milliseconds since 1970; the others until the next boot. */
    readonly untilMs?: number;
  };
  /** The frequency of an emulated guest's time stamp counter. */
  readonly tcgTscKhz?: number;
}

interface Stored extends HostMemory {
  readonly bootId: string;
}

/** What tells this boot of the host from others. */
export async function readBootId(): Promise<string> {
  return (await Deno.readTextFile(`${HOST_FACTS}/boot_id`)).trim();
}

/** What was remembered since the host booted. */
export async function recall(): Promise<HostMemory> {
  try {
    const stored = JSON.parse(await Deno.readTextFile(FILE)) as Stored;
    return stored.bootId === await readBootId() ? stored : {};
  } catch {
    // Not there, or cut off by a crash: nothing is known.
    return {};
  }
}

/**
 * Adds to what is remembered, if it can: on a full disk, or a read-only one, it is found out again the next time. Two at
 * once may each lose the other's finding, too.
 */
export async function remember(found: HostMemory): Promise<void> {
  const stored: Stored = { ...await recall(), ...found, bootId: await readBootId() };
  const temporary = `${FILE}.${crypto.randomUUID()}`;
  try {
    await Deno.writeTextFile(temporary, JSON.stringify(stored) + "\n");
    await Deno.rename(temporary, FILE);
  } catch {
    await Deno.remove(temporary).catch(() => {});
  }
}

/**
 * Removes what berths that were killed while they remembered something have left.
 *
 * @returns the paths of the files that went.
 */
export async function sweepMemory(nowMs = Date.now()): Promise<string[]> {
  const left = await findLeftMemory(nowMs);
  for (const path of left) await Deno.remove(path).catch(ignoreNotFound);
  return left;
}

/** The paths of those files. */
export async function findLeftMemory(nowMs = Date.now()): Promise<string[]> {
  const left: string[] = [];
  if (!await Deno.stat(STATE).catch(ignoreNotFound)) return left;
  for await (const { name, isFile } of Deno.readDir(STATE)) {
    if (!isFile || !UNFINISHED.test(name)) continue;
    const path = `${STATE}/${name}`;
    const info = await Deno.stat(path).catch(ignoreNotFound);
    if (info?.mtime && nowMs - info.mtime.getTime() >= LEFT_MS) left.push(path);
  }
  return left;
}

/** What the host's device node for KVM is like. */
export async function kvmNode(): Promise<"missing" | "denied" | "accessible"> {
  return (await Deno.readTextFile(`${HOST_FACTS}/kvm`)).trim() as "missing" | "denied" | "accessible";
}
