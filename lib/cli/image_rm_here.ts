/**
 * `berth image rm` in the host process.
 *
 * @module
 */

import { STATE } from "../host/windows.ts";
import { claimImage } from "../image/removal.ts";
import { readImageUsers } from "../job/running.ts";
import type { SubcommandContext } from "./subcommand.ts";
import { openStore } from "./image_host.ts";
import type { RmArgs } from "./image_rm.ts";
import { sweepHere } from "./image_sweep_here.ts";

/** Removes the images, and then what nothing needs any more. */
export async function rmHere({ names, force }: RmArgs, { words }: SubcommandContext): Promise<void> {
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
  const isSwept = await sweepHere(store, freedBytes, words);
  if (isSwept) return;
  words.note("another berth builds or removes images: files that nothing needs stay until the next rm, prune or build");
}
