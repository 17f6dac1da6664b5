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

/** What may be the host's bad day is doubted after this; each time that it happens again, it is believed longer. */
const DOUBT_MS = 60_000;
const DOUBT_GROWTH = 10;
/** Kernels that berth knows of. A host with more of them forgets the oldest. */
const KERNELS = 64;

/** What has come of a try. */
export interface Belief {
  readonly works: boolean;
  /** For people. */
  readonly detail: string;
  /** A finding that may be the host's bad day holds until then, in milliseconds since 1970; the others until the next boot. */
  readonly untilMs?: number;
  /** How often it has failed in a row. */
  readonly failures?: number;
}

/** What is remembered. Absent is not known yet. */
export interface HostMemory {
  /** The probe guest on KVM, and how long its loop took. */
  readonly kvm?: Belief & { readonly loopMs?: number };
  /** Kernels on KVM, by {@linkcode identifyKernel}. */
  readonly kernels?: Readonly<Record<string, Belief>>;
  /** The frequency of an emulated guest's time stamp counter, and how long the probe guest's loop took it. */
  readonly tcgTscKhz?: number;
  readonly tcgLoopMs?: number;
  /** How long a guest's boot took when it was emulated, to its agent's hello. */
  readonly tcgHelloMs?: number;
}

interface Stored extends HostMemory {
  readonly bootId: string;
  readonly qemu: string;
}

/** A failure that may not be there the next time: first doubted after a minute, then after ten, and so on. Pure. */
export function doubtful(earlier: Belief | undefined, detail: string, nowMs: number): Belief {
  const failures = (earlier?.works === false ? earlier.failures ?? 1 : 0) + 1;
  return { works: false, detail, failures, untilMs: nowMs + DOUBT_MS * DOUBT_GROWTH ** (failures - 1) };
}

/** What was found out, as long as berth goes by it. Pure. */
export function believed<T extends Belief>(belief: T | undefined, nowMs = Date.now()): T | undefined {
  return belief && nowMs < (belief.untilMs ?? Infinity) ? belief : undefined;
}

/** What tells this boot of the host from others. */
export async function readBootId(): Promise<string> {
  return (await Deno.readTextFile(`${HOST_FACTS}/boot_id`)).trim();
}

/** What tells this QEMU from the one that an upgrade brings; empty when it can't be looked at. */
async function readQemu(): Promise<string> {
  return (await Deno.readTextFile(`${HOST_FACTS}/qemu`).catch(ignoreNotFound) ?? "").trim();
}

/** What tells a kernel's file from others. */
export async function identifyKernel(path: string): Promise<string> {
  const { dev, ino, size, mtime } = await Deno.stat(path);
  return [dev, ino, size, mtime?.getTime()].join(" ");
}

/** What was remembered since the host booted, of the QEMU that is there now. */
export async function recall(): Promise<HostMemory> {
  try {
    const { bootId, qemu, ...memory } = JSON.parse(await Deno.readTextFile(FILE)) as Stored;
    return bootId === await readBootId() && qemu === await readQemu() ? memory : {};
  } catch {
    // Not there, or cut off by a crash: nothing is known.
    return {};
  }
}

/**
 * Adds to what is remembered, if it can: on a full disk, or a read-only one, it is found out again the next time. Two at
 * once may each lose the other's finding, too. What is undefined is forgotten.
 */
export async function remember(found: HostMemory): Promise<void> {
  const stored: Stored = { ...await recall(), ...found, bootId: await readBootId(), qemu: await readQemu() };
  const temporary = `${FILE}.${crypto.randomUUID()}`;
  try {
    await Deno.writeTextFile(temporary, JSON.stringify(stored) + "\n");
    await Deno.rename(temporary, FILE);
  } catch {
    await Deno.remove(temporary).catch(() => {});
  }
}

/** The beliefs with one more, the latest. Pure. */
export function withKernel(
  kernels: HostMemory["kernels"],
  kernel: string,
  belief: Belief,
): Readonly<Record<string, Belief>> {
  const others = Object.entries(kernels ?? {}).filter(([one]) => one !== kernel);
  return Object.fromEntries([...others, [kernel, belief] as const].slice(-KERNELS));
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
