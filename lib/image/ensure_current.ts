/**
 * Keeps images in step with berth: one whose initramfs carries another version's agent gets a new one.
 *
 * @module
 */

import type { BuildHost, BuildProgress } from "./build.ts";
import { loadIfCurrent } from "./load_current.ts";
import type { Image, ImageStore } from "./store.ts";

/**
 * Loads the image to run. The default image is built when it is not there; an image that berth has built for another
 * agent gets this one's. Images that berth did not build stay as they are.
 */
export async function ensureCurrent(
  store: ImageStore,
  host: BuildHost,
  name: string,
  progress: BuildProgress,
): Promise<Image> {
  const image = await loadIfCurrent(store, host, name);
  if (image) return image;
  // Hardly any job needs what builds, so it is loaded by those that do.
  const { renewImage } = await import("./renew.ts");
  return await renewImage(store, host, name, progress);
}
