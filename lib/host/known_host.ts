/**
 * What berth has found out about this host and need not find out again until the next boot.
 *
 * @module
 */

import { exists } from "@std/fs";
import { ignoreNotFound } from "../base/errors.ts";
import { HOST_FACTS, STATE } from "./windows.ts";

const FILE = "host.json";

/** What it is written as, until all of it is there. */
const UNFINISHED = /^host\.json\.[0-9a-f-]{36}$/;
/** Writing it takes less than a millisecond. */
const UNFINISHED_MS = 60_000;

/** What may be the host's bad day is tried again after this; each time that it fails again, it holds longer. */
const RETRY_MS = 60_000;
const RETRY_GROWTH = 10;
/** Kernels that berth knows of. A host with more of them forgets the oldest. */
const KERNELS = 64;

/** Result of a try, and how long it holds. */
export interface KnownResult {
  readonly works: boolean;
  /** For people. */
  readonly detail: string;
  /** A failure that may be the host's bad day expires then, in milliseconds since 1970; others at the next boot. */
  readonly untilMs?: number;
  /** How often it has failed in a row. */
  readonly failures?: number;
}

/** Facts of the host that were found out. Absent: not known yet. */
export interface KnownHost {
  /** The probe guest on KVM, and how long its loop took. */
  readonly kvm?: KnownResult & { readonly loopMs?: number };
  /** Kernels on KVM, by {@linkcode identifyKernel}. */
  readonly kernels?: Readonly<Record<string, KnownResult>>;
  /** The frequency of an emulated guest's time stamp counter, and how long the probe guest's loop took it. */
  readonly tcgTscKhz?: number;
  readonly tcgLoopMs?: number;
  /** How long a guest's boot took when it was emulated, to its agent's hello. */
  readonly tcgHelloMs?: number;
}

interface Stored extends KnownHost {
  readonly bootId: string;
  readonly qemu: string;
}

/** Failure that may not be there the next time: it holds for a minute, then for ten, and so on. Pure. */
export function transientFailure(earlier: KnownResult | undefined, detail: string, nowMs: number): KnownResult {
  const failures = (earlier?.works === false ? earlier.failures ?? 1 : 0) + 1;
  return { works: false, detail, failures, untilMs: nowMs + RETRY_MS * RETRY_GROWTH ** (failures - 1) };
}

/** Result of a try, as long as it holds; undefined afterwards. Pure. */
export function unlessExpired<T extends KnownResult>(result: T | undefined, nowMs = Date.now()): T | undefined {
  return result && nowMs < (result.untilMs ?? Infinity) ? result : undefined;
}

/** Results of kernels with one more, the latest. Pure. */
export function withKernel(
  kernels: KnownHost["kernels"],
  kernel: string,
  result: KnownResult,
): Readonly<Record<string, KnownResult>> {
  const others = Object.entries(kernels ?? {}).filter(([one]) => one !== kernel);
  return Object.fromEntries([...others, [kernel, result] as const].slice(-KERNELS));
}

/** Text that tells a kernel's file from others. */
export async function identifyKernel(path: string): Promise<string> {
  const { dev, ino, size, mtime } = await Deno.stat(path);
  return [dev, ino, size, mtime?.getTime()].join(" ");
}

/** Text that tells a file from any other, and from what it was before. */
export async function identifyFile(path: string): Promise<string> {
  const { ctime } = await Deno.stat(path);
  return `${await identifyKernel(path)} ${ctime?.getTime()}`;
}

/** Id of this boot of the host. @param facts the folder of the host's facts. */
export async function readBootId(facts = HOST_FACTS): Promise<string> {
  return (await Deno.readTextFile(`${facts}/boot_id`)).trim();
}

/** Folders that a host is known by. */
export interface KnownHostFolders {
  /** Where the file is that has what is known. */
  readonly state: string;
  /** The host's facts, as windows.sh writes them. */
  readonly facts: string;
}

/** File of what is known of this host, and the facts that show whether it still is the same host. */
export class KnownHostFile {
  readonly #path: string;
  readonly #facts: string;

  constructor({ state, facts }: KnownHostFolders = { state: STATE, facts: HOST_FACTS }) {
    this.#path = `${state}/${FILE}`;
    this.#facts = facts;
  }

  /** Facts found out since the host booted, of the QEMU that is there now. */
  async read(): Promise<KnownHost> {
    try {
      const { bootId, qemu, ...known } = JSON.parse(await Deno.readTextFile(this.#path)) as Stored;
      return bootId === await readBootId(this.#facts) && qemu === await this.#readQemu() ? known : {};
    } catch {
      // Not there, or cut off by a crash: nothing is known.
      return {};
    }
  }

  /**
   * Adds to what is known, if it can: on a full disk, or a read-only one, it is found out again the next time. Two at
   * once may each lose the other's finding, too. What is undefined is forgotten.
   */
  async update(found: KnownHost): Promise<void> {
    const known = await this.read();
    const stored: Stored = {
      ...known,
      ...found,
      bootId: await readBootId(this.#facts),
      qemu: await this.#readQemu(),
    };
    const temporary = `${this.#path}.${crypto.randomUUID()}`;
    try {
      await Deno.writeTextFile(temporary, JSON.stringify(stored) + "\n");
      await Deno.rename(temporary, this.#path);
    } catch {
      await Deno.remove(temporary).catch(() => {});
    }
  }

  /** Text that tells this boot of the host, with the QEMU that it has, from others. */
  async identify(): Promise<string> {
    return `${await this.readBootId()} ${await this.#readQemu()}`;
  }

  /** Id of this boot of the host. */
  async readBootId(): Promise<string> {
    return await readBootId(this.#facts);
  }

  /** Properties of the host's device node for KVM, which can come and go while the host runs. */
  async readKvmNode(): Promise<"missing" | "denied" | "accessible"> {
    return (await Deno.readTextFile(`${this.#facts}/kvm`)).trim() as "missing" | "denied" | "accessible";
  }

  /** What tells this QEMU from the one that an upgrade brings; empty when it can't be looked at. */
  async #readQemu(): Promise<string> {
    return (await Deno.readTextFile(`${this.#facts}/qemu`).catch(ignoreNotFound) ?? "").trim();
  }
}

/**
 * Removes what berths that were killed while they wrote the file have left.
 *
 * @returns the paths of the files that went.
 */
export async function sweepUnfinished(state: string, nowMs = Date.now()): Promise<string[]> {
  const left = await findUnfinished(state, nowMs);
  for (const path of left) await Deno.remove(path).catch(ignoreNotFound);
  return left;
}

/** Paths of the files that {@linkcode sweepUnfinished} would remove. Looks only. */
export async function findUnfinished(state: string, nowMs = Date.now()): Promise<string[]> {
  const left: string[] = [];
  if (!await exists(state)) return left;
  for await (const { name, isFile } of Deno.readDir(state)) {
    if (!isFile || !UNFINISHED.test(name)) continue;
    const path = `${state}/${name}`;
    const info = await Deno.stat(path).catch(ignoreNotFound);
    if (info?.mtime && nowMs - info.mtime.getTime() >= UNFINISHED_MS) left.push(path);
  }
  return left;
}
