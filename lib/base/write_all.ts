/**
 * Writing until everything is written, and telling how much was, which `writeAll` of @std/io does not.
 *
 * @module
 */

/**
 * Writes all of the bytes: a single `write` may take fewer.
 *
 * @param onWritten is told how many more were taken, also before a write that fails.
 */
export async function writeAll(
  writer: { write(bytes: Uint8Array): Promise<number> },
  bytes: Uint8Array,
  onWritten: (count: number) => void = () => {},
): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const count = await writer.write(bytes.subarray(written));
    written += count;
    onWritten(count);
  }
}
