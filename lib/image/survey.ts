/**
 * What there is to say about the images of a store.
 *
 * @module
 */

import { describeError, ignoreNotFound } from "../base/errors.ts";
import { readKernelRelease } from "./kernel_release.ts";
import { filesOf, type Origin } from "./origin.ts";
import type { ImageStore } from "./store.ts";
import { usedFile } from "./store_locks.ts";

/** Facts of one image. */
export interface ImageFacts {
  readonly name: string;
  /** The bytes of its files, those that it shares with other images included; absent when it can't be loaded. */
  readonly sizeBytes?: number;
  readonly builtAtMs: number;
  /** When the last job on it began. */
  readonly usedAtMs?: number;
  readonly kernelRelease?: string;
  readonly origin?: Origin;
  /** Why it can't be run. */
  readonly problem?: string;
}

/** Looks at every image, by name. */
export async function surveyImages(store: ImageStore): Promise<ImageFacts[]> {
  const images = await Promise.all((await store.names()).map((name) => surveyImage(store, name)));
  return images.filter((image) => image !== undefined);
}

/** @returns undefined when it is removed meanwhile. */
async function surveyImage(store: ImageStore, name: string): Promise<ImageFacts | undefined> {
  const place = await store.find(name);
  const spec = place && await Deno.lstat(place.path).catch(ignoreNotFound);
  if (!spec) return undefined;
  const usedAtMs = (await Deno.stat(usedFile(store.root, name)).catch(ignoreNotFound))?.mtime?.getTime();
  const known = { name, builtAtMs: spec.mtime!.getTime(), usedAtMs };
  try {
    const { spec, origin } = await store.load(name);
    const sizes = await Promise.all(filesOf(spec).map(async (path) => (await Deno.stat(path)).size));
    return {
      ...known,
      builtAtMs: origin ? Date.parse(origin.builtAt) : known.builtAtMs,
      sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
      kernelRelease: await readKernelRelease(spec.kernel),
      origin,
    };
  } catch (error) {
    return { ...known, problem: describeError(error) };
  }
}
