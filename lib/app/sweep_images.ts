/**
 * The end of what removes images: what nothing needs goes, and the user is told.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { formatBytes } from "../base/units.ts";
import type { ImageStore } from "../image/store.ts";
import { sweepStore } from "../image/sweep.ts";
import type { Words } from "./words.ts";

/** @param freedBytes what the removal has freed before. @returns false when somebody else builds or removes. */
export async function sweepImages(store: ImageStore, freedBytes: number, words: Words): Promise<boolean> {
  const sweep = await sweepStore(store);
  words.note(`freed ${formatBytes(freedBytes + (sweep?.freedBytes ?? 0))}`);
  if (sweep?.heldFiles) {
    const files = sweep.heldFiles === 1 ? "1 file stays" : `${sweep.heldFiles} files stay`;
    words.note(`${files} while jobs run on them, and can be removed by berth image prune then`);
  }
  if (sweep?.troubles.length) throw new BerthError("image.left", sweep.troubles.join("; "));
  return sweep !== undefined;
}
