/**
 * How root file systems are packed, whoever makes them.
 *
 * @module
 */

/**
 * Options of `sqfstar` and `mksquashfs`. lz4: what a guest reads it unpacks on its one virtual CPU, often emulated. When
 * it was packed is nothing that a guest should see.
 */
export const PACKING: readonly string[] = ["-no-progress", "-quiet", "-comp", "lz4", "-Xhc", "-mkfs-time", "0"];

/**
 * For `sqfstar`, which else lets everybody write into the root folder, whatever the archive says of it. Of its time and its
 * owner 4.5.1 takes no notice.
 */
export function rootFolder(mode = 0o755): string[] {
  return ["-root-mode", mode.toString(8), "-root-time", "0"];
}
