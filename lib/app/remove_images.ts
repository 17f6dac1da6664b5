/**
 * `berth image rm`: images are removed, all of those that are named or none.
 *
 * @module
 */

import { STATE } from "../host/windows.ts";
import { claimImage } from "../image/removal.ts";
import { readImageUsers } from "../machine/running.ts";
import { openStore } from "./stores.ts";
import { sweepImages } from "./sweep_images.ts";
import type { Words } from "./words.ts";

/** What is to be removed. */
export interface RemovalRequest {
  /** Each once. */
  readonly names: readonly string[];
  /** Whether jobs may run on them: those keep the files. */
  readonly force: boolean;
}

/** Removes the images, and then what nothing needs any more. */
export async function removeImages({ names, force }: RemovalRequest, words: Words): Promise<void> {
  const store = openStore();
  const users = await readImageUsers(`${STATE}/jobs`);
  let freedBytes = 0;
  {
    using stack = new DisposableStack();
    const images = [];
    // All of them first: what can't be removed leaves the others as they are.
    for (const name of names) {
      images.push(stack.use(await claimImage(store, name, { usedBy: users.get(name) ?? [], force })));
    }
    for (const image of images) {
      freedBytes += await image.remove();
      words.note(`removed image "${image.name}"`);
    }
  }
  const isSwept = await sweepImages(store, freedBytes, words);
  if (isSwept) return;
  words.note("another berth builds or removes images: files that nothing needs stay until the next rm, prune or build");
}
