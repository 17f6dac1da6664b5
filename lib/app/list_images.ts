/**
 * `berth image ls`: what is known of every image.
 *
 * @module
 */

import { STATE } from "../host/windows.ts";
import { type ImageFacts, surveyImages } from "../image/survey.ts";
import { readImageUsers } from "../job/running.ts";
import { openStore } from "./stores.ts";

/** An image, and the ids of the jobs that run on it. */
export interface ListedImage extends ImageFacts {
  readonly usedBy: readonly string[];
}

/** All images. */
export async function listImages(): Promise<ListedImage[]> {
  const [facts, users] = [await surveyImages(openStore()), await readImageUsers(`${STATE}/jobs`)];
  return facts.map((image) => ({ ...image, usedBy: users.get(image.name) ?? [] }));
}
