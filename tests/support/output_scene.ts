/**
 * Files of a job's output that grow, and who gets what is in them.
 *
 * @module
 */

import { within } from "../../lib/base/deadline.ts";
import type { Sink } from "../../lib/job/output/source.ts";
import { temporaryFolder } from "./temp.ts";

export const MIB = 1024 ** 2;

/** What a test has. */
export interface Scene {
  readonly folder: string;
  /** A file that grows, opened for the follower. */
  open(name: string): Promise<Deno.FsFile>;
  /** Appends as QEMU does: by a handle of its own. */
  append(name: string, bytes: Uint8Array): Promise<void>;
}

/** A test with a folder for such files. */
export function outputTest(name: string, fn: (scene: Scene) => Promise<void>): void {
  Deno.test(name, async () => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    using stack = new DisposableStack();
    await fn({
      folder,
      open: async (name) => stack.use(await Deno.open(`${folder}/${name}`, { read: true, write: true, create: true })),
      append: (name, bytes) => Deno.writeFile(`${folder}/${name}`, bytes, { append: true }),
    });
  });
}

/** Keeps what it gets, and tells when there is enough. */
export class Collector {
  bytes = new Uint8Array();
  #waits: { length: number; resolve: () => void }[] = [];

  readonly sink: Sink = (chunk) => {
    this.bytes = new Uint8Array([...this.bytes, ...chunk]);
    for (const { length, resolve } of this.#waits) if (this.bytes.length >= length) resolve();
    return Promise.resolve();
  };

  async has(length: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.bytes.length >= length) resolve();
    this.#waits.push({ length, resolve });
    await within(promise, 5000, `${length} bytes`);
  }
}

/** Bytes of which each tells where it is. */
export function pattern(length: number, seed = 0): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).map((_, index) => (index * 7 + seed + (index >> 8)) & 0xff);
}

export function broken(): void {
  throw new Error("no sink is broken");
}

/** Waits until a file is no longer than that. */
export async function shortened(file: Deno.FsFile, bytes: number): Promise<void> {
  while (file.statSync().size > bytes) await new Promise((resolve) => setTimeout(resolve, 5));
}
