/**
 * The runtime (denort) that a compiled program begins with: which bytes it is, and their digest.
 *
 * `deno compile` puts the program behind it and changes none of its bytes, so that everybody who has the one can look for
 * it in the other.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** The head of an ELF file of 64 bits, and where the place, size and number of its section headers stand (elf(5)). */
const HEAD_BYTES = 64, SECTIONS_AT = 0x28, SECTION_BYTES = 0x3a, SECTIONS = 0x3c;

/** How long the runtime is: an ELF file ends with its section headers. @throws for what is no such file. */
export function runtimeLength(head: Uint8Array<ArrayBuffer>): number {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const isElf = head.length >= HEAD_BYTES && view.getUint32(0) === 0x7f454c46 && head[4] === 2 && head[5] === 1;
  if (!isElf) throw new Error("it is no program for a machine of 64 bits, little-endian");
  return Number(view.getBigUint64(SECTIONS_AT, true)) +
    view.getUint16(SECTION_BYTES, true) * view.getUint16(SECTIONS, true);
}

/** The SHA-256 of the runtime in a compiled program. */
export async function digestRuntime(path: string): Promise<string> {
  using file = await Deno.open(path);
  const head = new Uint8Array(HEAD_BYTES);
  await file.read(head);
  let left = runtimeLength(head);
  await file.seek(0, Deno.SeekMode.Start);
  const hash = createHash("sha256");
  const chunk = new Uint8Array(1 << 20);
  while (left > 0) {
    const count = await file.read(chunk.subarray(0, Math.min(left, chunk.length)));
    if (count === null) throw new Error(`${path} ends within its runtime`);
    hash.update(chunk.subarray(0, count));
    left -= count;
  }
  return hash.digest("hex");
}
