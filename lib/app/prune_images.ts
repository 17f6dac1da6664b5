/**
 * `berth image prune`: images that were of no use for long are removed.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { STATE } from "../host/windows.ts";
import { planPrune } from "../image/prune.ts";
import { claimImage } from "../image/removal.ts";
import type { ImageStore } from "../image/store.ts";
import { surveyImages } from "../image/survey.ts";
import { readImageUsers } from "../machine/running.ts";
import { openStore } from "./stores.ts";
import { sweepImages } from "./sweep_images.ts";
import type { Words } from "./words.ts";

/** Removes what has been of no use for so long, and says what went. */
export async function pruneImages(olderMs: number, words: Words): Promise<void> {
  const store = openStore();
  const users = await readImageUsers(`${STATE}/jobs`);
  const images = (await surveyImages(store)).map((image) => ({ ...image, isUsed: users.has(image.name) }));
  let freedBytes = 0;
  for (const name of planPrune(images, Date.now(), olderMs)) freedBytes += await tryRemove(store, name, words);
  if (await sweepImages(store, freedBytes, words)) return;
  const what = "another berth builds or removes images: what nothing needs stays in the store for now";
  throw new BerthError("image.building", what);
}

/** Somebody may begin to use it, build it or remove it meanwhile: then it is none of ours any more. */
async function tryRemove(store: ImageStore, name: string, words: Words): Promise<number> {
  try {
    using image = await claimImage(store, name, { usedBy: [], force: false });
    const bytes = await image.remove();
    words.note(`removed image "${name}"`);
    return bytes;
  } catch (error) {
    const isOthers = error instanceof BerthError && /^image\.(not-found|building|in-use)$/.test(error.code);
    if (!isOthers) throw error;
    words.note(`left out: ${error.message}`);
    return 0;
  }
}
