/**
 * Keeps images in step with berth: one whose initramfs carries another version's agent gets a new one.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import type { BuildHost, BuildProgress } from "./build.ts";
import { DEFAULT_IMAGE } from "./names.ts";
import type { Image, ImageStore } from "./store.ts";

/**
 * Loads the image to run. The default image is built when it is not there; an image that berth has built for another
 * agent gets this one's. Images that berth did not build stay as they are.
 */
export async function loadFresh(
  store: ImageStore,
  host: BuildHost,
  name: string,
  progress: BuildProgress,
): Promise<Image> {
  const image = await loadIfFresh(store, host, name);
  if (image) return image;
  // Hardly any job needs what builds, so it is loaded by those that do.
  const { renewImage } = await import("./renew.ts");
  return await renewImage(store, host, name, progress);
}

/** Loads it if it can be run as it is. Only the default image may be missing or broken: it is built again then. */
export async function loadIfFresh(
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
