/**
 * Removes from a store what nothing needs: files that no image names, and what killed builds and removals have left.
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { join } from "@std/path";
import { BerthError, describeError } from "../base/errors.ts";
import { isId } from "../base/ids.ts";
import { formatBytes } from "../base/units.ts";
import { listFolder } from "../files/list_folder.ts";
import { isHeld } from "../files/try_lock.ts";
import { removeFolderTree } from "../files/remove_folder.ts";
import { runTool } from "../process/tool.ts";
import { planSweep } from "./prune.ts";
import { REMOVED, removeUnheldFolder } from "./removal.ts";
import { type ImageStore, readText } from "./store.ts";
import { isStoreIdle, removeUnheld, tryLockStore } from "./store_locks.ts";

/** Result of a sweep. */
export interface Sweep {
  readonly freedBytes: number;
  /** Files of the store that jobs still hold; the first sweep after those jobs removes them. */
  readonly heldFiles: number;
  readonly troubles: readonly string[];
}

/**
 * Sweeps the store, after the sweep that runs; undefined when somebody else builds, as what that has put in has no name
 * yet, or removes.
 */
export async function sweepStore(store: ImageStore): Promise<Sweep | undefined> {
  using lock = await tryLockStore(store.root);
  if (!lock) return undefined;
  const sweep = new Sweeping(store.root);
  await sweep.files();
  await sweep.leftovers(store);
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

/** Paths that a sweep would remove: what killed builds have left, and files that nothing needs. Looks only. */
export async function findLeftInStore(store: ImageStore): Promise<string[]> {
  if (!await isStoreIdle(store.root)) return [];
  const left = (await listFolder(store.root)).filter(isWork).map(({ name }) => join(store.root, name));
  for (const path of await new Sweeping(store.root).unneeded()) if (!await isHeld(path)) left.push(path);
  return left;
}

function isWork({ name, isDirectory }: Deno.DirEntry): boolean {
  return isDirectory && name.startsWith(WORK) && isId(name.slice(WORK.length));
}

/** What the name of a build's own folder begins with; an id follows. */
const WORK = ".work-";
/** How long a folder may be empty before it is one that was forgotten: long enough to put something in by hand. */
const EMPTY_MS = 60_000;
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

  /** One thing that goes wrong keeps nothing else from being removed. */
  async #attempt(what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.troubles.push(`${what}: ${describeError(error)}`);
    }
  }

  async files(): Promise<void> {
    // Whatever a spec names that can't be read may be any of the files.
    await this.#attempt("no file of the store is removed, as not all images can be looked at", async () => {
      for (const path of await this.unneeded()) await this.#removeFile(path);
    });
  }

  /** The files that no image names. */
  async unneeded(): Promise<string[]> {
    const folder = join(this.#root, ".store");
    const names = (await listFolder(folder)).map(({ name }) => name);
    return planSweep(names, await this.#specTexts()).map((name) => join(folder, name));
  }

  async #removeFile(path: string): Promise<void> {
    await this.#attempt("a file that nothing needs can't be removed", async () => {
      const freed = await removeUnheld(path);
      if (freed === undefined) this.heldFiles++;
      this.freedBytes += freed ?? 0;
    });
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

  async leftovers(store: ImageStore): Promise<void> {
    const left = "what a killed build has left can't be removed";
    await this.#attempt(left, async () => {
      const images = new Set(await store.names());
      for (const entry of await listFolder(this.#root)) await this.#attempt(left, () => this.#leftover(entry, images));
    });
  }

  async #leftover(entry: Deno.DirEntry, images: ReadonlySet<string>): Promise<void> {
    const { name, isDirectory } = entry;
    const path = join(this.#root, name);
    if (isWork(entry)) await this.#removeWork(path);
    else if (isDirectory && !name.startsWith(".")) await this.#tidy(path);
    const owner = /^\.(?:lock|used)-(.*)$/.exec(name)?.[1];
    // Nobody waits for these: who locks one, or wants to, holds the store, or looks whether it is still there.
    if (owner !== undefined && !images.has(owner)) await removeUnheld(path);
  }

  /** A build that holds no lock on the store any more is over, or was killed. */
  async #removeWork(path: string): Promise<void> {
    const bytes = await treeBytes(path);
    await removeFolderTree(path);
    // Something was there: a file system may say of little that it takes nothing.
    this.freedBytes += Math.max(bytes, 1);
  }

  async #tidy(folder: string): Promise<void> {
    const names = new Set((await listFolder(folder)).map(({ name }) => name));
    if (names.has(REMOVED) && !names.has("spec.json")) {
      this.freedBytes += await removeUnheldFolder(folder);
      return;
    }
    // What else is in there may be somebody's, who has not written the spec yet.
    const cutOff = names.has("spec.json") ? [REMOVED] : ["origin.json"];
    const ours = [...UNFINISHED, ...cutOff].filter((name) => names.delete(name));
    for (const name of ours) this.freedBytes += await removeUnheld(join(folder, name)) ?? 0;
    // So is one that is empty, for a while.
    if (names.size === 0 && (ours.length > 0 || await isOld(folder))) await Deno.remove(folder);
  }
}

/** One that this user may not read has a cause, and may be one. */
function ignoreNoSpec(error: unknown): undefined {
  if (!(error instanceof BerthError) || error.cause !== undefined) throw error;
}

async function isOld(folder: string): Promise<boolean> {
  const { mtime } = await Deno.stat(folder);
  return mtime !== null && Date.now() - mtime.getTime() > EMPTY_MS;
}

/** What a folder takes of its disk. By du, which goes any depth: a stranger's archive may have made it. */
async function treeBytes(folder: string): Promise<number> {
  const said = await runTool({ command: "du", args: ["-s", "--block-size=1", "--", folder], tied: true });
  return Number(said.split("\t")[0]);
}
