/**
 * `berth image build`: an image is built, by one of those who want to build the same.
 *
 * @module
 */

import { buildImage as build, type BuildRequest } from "../image/build.ts";
import { describeIngredients, isBuiltSince } from "../image/origin.ts";
import { sweepBeforeBuild } from "../image/sweep.ts";
import { abortOnSignals } from "./abort_on_signals.ts";
import { buildHost, openStore } from "./stores.ts";
import type { Words } from "./words.ts";

/** Builds the image, unless somebody else has just done that. */
export async function buildImage(request: BuildRequest, words: Words): Promise<void> {
  const signal = abortOnSignals("image.build", "the build");
  words.hurryOn(signal);
  const [store, host] = [openStore(), buildHost()];
  const onProgress = (line: string) => words.note(line);
  await sweepBeforeBuild(store, onProgress);
  let waitingSinceMs: number | undefined;
  const onWait = () => {
    waitingSinceMs = Date.now();
    words.note("another berth is building it; waiting");
  };
  using _lock = await store.lock(request.name, onWait, signal);
  if (waitingSinceMs !== undefined) {
    // What can't be loaded is to be built.
    const image = await store.load(request.name).catch(() => undefined);
    if (isBuiltSince(image?.origin, describeIngredients(request), host.agentHash, waitingSinceMs)) {
      words.note(`image "${request.name}": the other berth has built the same`);
      return;
    }
  }
  await build(store, host, request, { onProgress, signal });
}
