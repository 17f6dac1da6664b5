/**
 * How root file systems are packed, whoever makes them.
 *
 * @module
 */

/** Options of `sqfstar` and `mksquashfs`. lz4: what a guest reads it unpacks on its one virtual CPU, often emulated. */
export const PACKING: readonly string[] = ["-no-progress", "-quiet", "-comp", "lz4", "-Xhc"];
