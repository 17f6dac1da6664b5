/**
 * Removes from a store what nothing needs: files that no image names, and what killed builds and removals have left.
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { join } from "@std/path";
import { BerthError, describeError } from "../base/errors.ts";
import { formatBytes } from "../base/units.ts";
import { removeFolderTree } from "../process/remove_folder.ts";
import { planSweep } from "./prune.ts";
import { listFolder, REMOVED, removeUnheldFolder } from "./removal.ts";
import { type ImageStore, readText } from "./store.ts";
import { removeUnheld, tryLockStore } from "./store_locks.ts";

/** What a sweep has done. */
export interface Sweep {
  readonly freedBytes: number;
  /** Files of the store that jobs still hold; the first sweep after those jobs removes them. */
  readonly heldFiles: number;
  readonly troubles: readonly string[];
}

/** Sweeps the store; undefined when somebody else builds, as what that has put in has no name yet, or removes. */
export async function sweepStore(store: ImageStore): Promise<Sweep | undefined> {
  using lock = await tryLockStore(store.root);
  if (!lock) return undefined;
  const sweep = new Sweeping(store.root);
  await sweep.files();
  await sweep.leftovers(new Set(await store.names()));
  return sweep;
}

/**
 * Takes away what killed builds have left, before a build of one's own needs the room. Nobody waits for it: it is left
 * out while something is being built, and what it can't remove it only tells.
 */
export async function sweepBeforeBuild(store: ImageStore, onProgress: (line: string) => void): Promise<void> {
  const sweep = await sweepStore(store);
  if (!sweep) return;
  if (sweep.freedBytes > 0) onProgress(`freed ${formatBytes(sweep.freedBytes)} that nothing needed any more`);
  sweep.troubles.forEach(onProgress);
}

/** What an image's folder has for a moment, while a build names it. */
const UNFINISHED = ["spec.json.new", "origin.json.new"];

class Sweeping implements Sweep {
  freedBytes = 0;
  heldFiles = 0;
  readonly troubles: string[] = [];
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  async files(): Promise<void> {
    const folder = join(this.#root, ".store");
    const names = (await listFolder(folder)).map(({ name }) => name);
    for (const name of planSweep(names, await this.#specTexts())) {
      const freed = await removeUnheld(join(folder, name));
      if (freed === undefined) this.heldFiles++;
      this.freedBytes += freed ?? 0;
    }
  }

  /** Of every image: also of those that this version can't read, or that another one hides. */
  async #specTexts(): Promise<string[]> {
    const entries = await listFolder(this.#root);
    const paths = entries.map(({ name, isDirectory }) => isDirectory ? `${name}/spec.json` : name)
      .filter((path) => path.endsWith(".json"));
    // What can't be read as a spec is none, for whatever version.
    const texts = await Promise.all(
      paths.map((path) => readText(this.#root, join(this.#root, path)).catch(ignoreNoSpec)),
    );
    return texts.filter((text) => text !== undefined);
  }

  async leftovers(images: ReadonlySet<string>): Promise<void> {
    for (const { name, isDirectory } of await listFolder(this.#root)) {
      const path = join(this.#root, name);
      if (isDirectory && name.startsWith(".work-")) await this.#removeWork(path);
      else if (isDirectory && !name.startsWith(".")) await this.#tidy(path);
      const owner = /^\.(?:lock|used)-(.*)$/.exec(name)?.[1];
      // Nobody waits for these: who locks one, or wants to, holds the store, or looks whether it is still there.
      if (owner !== undefined && !images.has(owner)) await removeUnheld(path);
    }
  }

  /** A build that holds no lock on the store any more is over, or was killed. */
  async #removeWork(path: string): Promise<void> {
    try {
      const bytes = await treeBytes(path);
      await removeFolderTree(path);
      this.freedBytes += bytes;
    } catch (error) {
      this.troubles.push(`what a killed build has left can't be removed: ${describeError(error)}`);
    }
  }

  async #tidy(folder: string): Promise<void> {
    const names = new Set((await listFolder(folder)).map(({ name }) => name));
    if (names.has(REMOVED) && !names.has("spec.json")) {
      this.freedBytes += await removeUnheldFolder(folder);
      return;
    }
    // What else is in there may be somebody's, who has not written the spec yet.
    const cutOff = names.has("spec.json") ? [REMOVED] : ["origin.json"];
    for (const name of [...UNFINISHED, ...cutOff].filter((name) => names.delete(name))) {
      this.freedBytes += await removeUnheld(join(folder, name)) ?? 0;
    }
    if (names.size === 0) await Deno.remove(folder);
  }
}

function ignoreNoSpec(error: unknown): undefined {
  if (!(error instanceof BerthError)) throw error;
}

async function treeBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const { name, isDirectory } of await listFolder(folder)) {
    const path = join(folder, name);
    bytes += isDirectory ? await treeBytes(path) : (await Deno.lstat(path)).size;
  }
  return bytes;
}
