/**
 * `berth image ls`: what is known of every image.
 *
 * @module
 */

import { STATE } from "../host/windows.ts";
import { type ImageFacts, surveyImages } from "../image/survey.ts";
import { readImageUsers } from "../machine/running.ts";
import { openStore, openTemplates } from "./stores.ts";

/** An image, the ids of the jobs that run on it, and its templates. */
export interface ListedImage extends ImageFacts {
  readonly usedBy: readonly string[];
  readonly templates: ListedTemplates;
}

/** How many templates there are of an image, and what they take of the disk. */
export interface ListedTemplates {
  readonly count: number;
  readonly bytes: number;
}

/** All images. */
export async function listImages(): Promise<ListedImage[]> {
  const [facts, users] = [await surveyImages(openStore()), await readImageUsers(`${STATE}/jobs`)];
  const templates = await openTemplates().list();
  return facts.map((image) => ({
    ...image,
    usedBy: users.get(image.name) ?? [],
    templates: sumUp(templates.filter(({ about }) => about.image === image.name)),
  }));
}

function sumUp(templates: readonly { readonly bytes: number }[]): ListedTemplates {
  return { count: templates.length, bytes: templates.reduce((sum, { bytes }) => sum + bytes, 0) };
}
