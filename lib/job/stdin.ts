/**
 * berth's standard input becomes the job's.
 *
 * @module
 */

import type { GuestConnection } from "../guest/hub.ts";

/** The agent reads a chunk in one go. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Copies the stream into the guest, as fast as the job reads it; its end is the job's end of file. Never rejects.
 *
 * Each chunk goes with its length in front, and the end is a length of 0: hanging up can't be the end, because QEMU
 * drops what the guest has not taken by then. The connection ends with the VM.
 */
export async function feedStdin(
  stdin: ReadableStream<Uint8Array>,
  arriving: Promise<GuestConnection>,
  vmEnded: Promise<unknown>,
): Promise<void> {
  using connection = await arriving;
  try {
    for await (const chunk of stdin) {
      for (let start = 0; start < chunk.length; start += CHUNK_BYTES) {
        const part = chunk.subarray(start, start + CHUNK_BYTES);
        await connection.write(new TextEncoder().encode(`${part.length}\n`));
        await connection.write(part);
      }
    }
    await connection.write(new TextEncoder().encode("0\n"));
    await vmEnded;
  } catch {
    // The job ended without reading everything, as `head` does: nobody's fault.
  }
}
