/**
 * berth's standard input becomes the job's.
 *
 * @module
 */

import type { GuestConnection } from "../guest/hub.ts";

/** The agent reads a chunk in one go. */
const CHUNK_BYTES = 64 * 1024;

/** Where the input goes, and who is told when it breaks off. */
export interface StdinIo {
  /** The guest's connection for it. */
  readonly arriving: Promise<GuestConnection>;
  readonly vmEnded: Promise<unknown>;
  /** Called when the input itself fails: the job gets neither more of it nor an end, and would wait for ever. */
  readonly onBroken: (error: unknown) => void;
}

/**
 * Copies the stream into the guest, as fast as the job reads it; its end is the job's end of file. Never rejects.
 *
 * Each chunk goes with its length in front, and the end is a length of 0: hanging up can't be the end, because
 * a VMM may drop what the guest has not taken by then. The connection ends with the VM.
 */
export async function feedStdin(
  stdin: ReadableStream<Uint8Array>,
  { arriving, vmEnded, onBroken }: StdinIo,
): Promise<void> {
  using connection = await arriving;
  try {
    for await (const chunk of watched(stdin, onBroken)) {
      for (let start = 0; start < chunk.length; start += CHUNK_BYTES) {
        const part = chunk.subarray(start, start + CHUNK_BYTES);
        await connection.write(new TextEncoder().encode(`${part.length}\n`));
        await connection.write(part);
      }
    }
    await connection.write(new TextEncoder().encode("0\n"));
  } catch {
    // The job ended without reading everything, as `head` does: nobody's fault. Or the input broke off, which is not its
    // end: a job that has acted on a part of it would take that for the whole.
  }
  await vmEnded;
}

/** The same stream, whose own failure is told. */
async function* watched(stdin: ReadableStream<Uint8Array>, onBroken: StdinIo["onBroken"]): AsyncGenerator<Uint8Array> {
  try {
    yield* stdin;
  } catch (error) {
    onBroken(error);
    throw error;
  }
}
