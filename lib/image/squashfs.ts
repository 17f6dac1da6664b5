/**
 * How root file systems are packed, whoever makes them.
 *
 * @module
 */

/** Options of `sqfstar` and `mksquashfs`. lz4: what a guest reads it unpacks on its one virtual CPU, often emulated. */
export const PACKING: readonly string[] = ["-no-progress", "-quiet", "-comp", "lz4", "-Xhc"];

/** For `sqfstar`, which else lets everybody write into the root folder, whatever the archive says of it. */
export function rootFolder(mode = 0o755): string[] {
  return ["-root-mode", mode.toString(8)];
}
