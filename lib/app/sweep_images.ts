/**
 * The end of what removes images: what nothing needs goes, and the user is told.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { formatBytes } from "../base/units.ts";
import type { ImageStore } from "../image/store.ts";
import { sweepStore } from "../image/sweep.ts";
import { sweepTemplates } from "./stores.ts";
import type { Words } from "./words.ts";

/** @param freedBytes what the removal has freed before. @returns false when somebody else builds or removes. */
export async function sweepImages(store: ImageStore, freedBytes: number, words: Words): Promise<boolean> {
  const sweep = await sweepStore(store);
  // Also while somebody builds: no build needs the templates of an image that has no name any more.
  const templates = await sweepTemplates();
  words.note(`freed ${formatBytes(freedBytes + (sweep?.freedBytes ?? 0) + templates.freedBytes)}`);
  if (sweep?.heldFiles) {
    const files = sweep.heldFiles === 1 ? "1 file stays" : `${sweep.heldFiles} files stay`;
    words.note(`${files} while jobs run on them, and can be removed by berth image prune then`);
  }
  const troubles = [...sweep?.troubles ?? [], ...templates.troubles];
  if (troubles.length) throw new BerthError("image.left", troubles.join("; "));
  return sweep !== undefined;
}
