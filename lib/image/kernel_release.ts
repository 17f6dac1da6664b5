/**
 * Which kernel a file is. A bzImage says it itself: the boot protocol's header ("HdrS", at 0x202) has at 0x20E where the
 * version's text is, counted from 0x200 (the kernel's Documentation/arch/x86/boot.rst).
 *
 * @module
 */

const MAGIC_AT = 0x202;
const VERSION_AT = 0x20e;
const VERSION_FROM = 0x200;
/** The offset is one of 16 bits, and no version is longer than this. */
const LONGEST_BYTES = 256;
const HEAD_BYTES = VERSION_FROM + 0xffff + LONGEST_BYTES;

/** The release in the first bytes of a kernel, as in `6.1.0-21-cloud-amd64`; undefined for what is no bzImage. Pure. */
export function parseKernelRelease(head: Uint8Array): string | undefined {
  const text = (from: number, length: number) => new TextDecoder("latin1").decode(head.subarray(from, from + length));
  if (text(MAGIC_AT, 4) !== "HdrS") return undefined;
  const offset = head[VERSION_AT] + 256 * head[VERSION_AT + 1];
  if (offset === 0) return undefined;
  // The release is the first word; who built it, and when, is behind it. It becomes a part of paths.
  return /^[A-Za-z0-9][\w.+~-]{0,127}(?=[ \0])/.exec(text(VERSION_FROM + offset, LONGEST_BYTES))?.[0];
}

/** The release of a kernel's file. */
export async function readKernelRelease(path: string): Promise<string | undefined> {
  using file = await Deno.open(path);
  const head = new Uint8Array(HEAD_BYTES);
  let length = 0;
  for (let read; length < head.length && (read = await file.read(head.subarray(length))); length += read);
  return parseKernelRelease(head.subarray(0, length));
}
