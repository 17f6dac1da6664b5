/**
 * Writing until everything is written.
 *
 * @module
 */

/** Writes all of the bytes: a single `write` may take fewer. */
export async function writeAll(
  writer: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await writer.write(bytes.subarray(written));
}
