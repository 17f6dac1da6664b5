/**
 * Images that carry the agent of this very berth.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import type { BuildHost } from "./build.ts";
import { DEFAULT_IMAGE } from "./names.ts";
import type { Image, ImageStore } from "./store.ts";

/**
 * Loads an image if it can be run as it is. Only the default image may be missing or broken: it is built again then.
 */
export async function loadIfCurrent(
  store: ImageStore,
  host: BuildHost,
  name: string,
): Promise<Image | undefined> {
  try {
    const image = await store.load(name);
    if (image.agentHash === undefined || image.agentHash === host.agentHash) return image;
  } catch (error) {
    if (name !== DEFAULT_IMAGE || (error instanceof BerthError && error.code === "image.name")) throw error;
  }
}
