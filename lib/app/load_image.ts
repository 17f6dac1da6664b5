/**
 * `berth image inspect`: an image's spec.
 *
 * @module
 */

import type { ImageSpec } from "../image/spec.ts";
import { openStore } from "./stores.ts";

/** The spec of an image of the store, its paths those of this process. @throws {BerthError} `image.*`. */
export async function loadSpec(name: string): Promise<ImageSpec> {
  return (await openStore().load(name)).spec;
}
