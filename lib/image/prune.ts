/**
 * What of an image store is no longer needed. Pure.
 *
 * @module
 */

/** Times that the age of an image is known by. */
export interface ImageAge {
  readonly name: string;
  readonly builtAtMs: number;
  /** When the last job on it began; absent: none ever did. */
  readonly usedAtMs?: number;
  /** Whether a job runs on it. */
  readonly isUsed: boolean;
}

/** Names of the images that were neither built nor used for so long, and that nobody uses. */
export function planPrune(images: readonly ImageAge[], nowMs: number, olderMs: number): string[] {
  const lastMs = ({ builtAtMs, usedAtMs }: ImageAge) => Math.max(builtAtMs, usedAtMs ?? builtAtMs);
  return images.filter((image) => !image.isUsed && nowMs - lastMs(image) >= olderMs).map(({ name }) => name);
}

/**
 * Files of the store that no spec names.
 *
 * It looks for their names in the specs' texts: a spec of another version of berth still keeps what is its own.
 */
export function planSweep(files: readonly string[], specTexts: readonly string[]): string[] {
  return files.filter((file) => !specTexts.some((text) => text.includes(file)));
}
