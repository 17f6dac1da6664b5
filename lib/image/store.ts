/**
 * The image store: files by the hash of their content, and names that point at them.
 *
 *     images/NAME/spec.json      what the image is made of
 *     images/NAME/origin.json    what it was made from
 *     images/.store/HASH.KIND    kernels, initramfs and root file systems, shared by the names
 *     images/.work-ID            a build's own files
 *
 * Who holds what is in store_locks.ts, and how it goes in removal.ts.
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { join } from "@std/path";
import { createHash } from "node:crypto";
import { BerthError, translateDiskFull } from "../base/errors.ts";
import { randomId } from "../base/ids.ts";
import { type Origin, parseOrigin, writeOrigin } from "./origin.ts";
import { type ImageSpec, mapFiles, namedFiles, parseImageSpec, resolveSpec } from "./spec.ts";
import { lockForBuild } from "./store_locks.ts";

/** An image that can be run. */
export interface Image {
  readonly name: string;
  /** With absolute paths. */
  readonly spec: ImageSpec;
  /** The agent in the initramfs; absent for images that berth did not build. */
  readonly agentHash?: string;
  readonly origin?: Origin;
}

/** The agent of an image that says what it is made from, but not of the spec that stands there. */
const UNKNOWN_AGENT = "unknown";

const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/;

/** A spec that was not looked into yet. */
export interface SpecText {
  readonly folder: string;
  readonly path: string;
  readonly text: string;
}

/** The store below one folder. */
export class ImageStore {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Whether there is an image of that name. */
  async has(name: string): Promise<boolean> {
    return await this.#readSpec(checkName(name)) !== undefined;
  }

  /** The names of all images, sorted. */
  async names(): Promise<string[]> {
    const names = new Set<string>();
    for await (const entry of await readFolder(this.root)) {
      const name = entry.isDirectory ? entry.name : entry.name.replace(/\.json$/, "");
      // A build that was cut off has left a folder without a spec.
      if (NAME.test(name) && await this.has(name)) names.add(name);
    }
    return [...names].sort();
  }

  /** Loads an image by name: `NAME/spec.json`, then `NAME.json`. */
  async load(name: string): Promise<Image> {
    const { folder, path, text } = await this.readSpec(name);
    return await loadSpec(name, folder, path, text);
  }

  /** The spec's text as it stands there, with its folder and its file. */
  async readSpec(name: string): Promise<SpecText> {
    const found = await this.#readSpec(checkName(name));
    if (!found) throw new BerthError("image.not-found", `there is no image "${name}"`);
    return found;
  }

  async #readSpec(name: string): Promise<SpecText | undefined> {
    for (const folder of [join(this.root, name), this.root]) {
      const path = join(folder, folder === this.root ? `${name}.json` : "spec.json");
      const text = await readIfThere(path);
      if (text !== undefined) return { folder, path, text };
    }
  }

  /**
   * Takes a file of a work folder in, by the hash of its content, and returns its path from an image's folder.
   *
   * @throws {BerthError} `image.build` when it is not the one name of a file: who has made it may not be trusted.
   */
  async put(path: string, kind: string): Promise<string> {
    const store = join(this.root, ".store");
    await Deno.mkdir(store, { recursive: true, mode: 0o700 });
    const hash = createHash("sha256");
    const { isFile, nlink, size: sizeBytes } = await Deno.lstat(path);
    if (!isFile || nlink !== 1) throw new BerthError("image.build", `${path}: this is a link, and no file of its own`);
    using file = await Deno.open(path);
    for await (const chunk of file.readable) hash.update(chunk);
    const name = `${hash.digest("hex").slice(0, 32)}.${kind}`;
    // The same file stays: jobs may hold it, and would not hold another one in its place.
    if (await sizeIfThere(join(store, name)) === sizeBytes) {
      await Deno.remove(path);
    } else {
      await Deno.chmod(path, 0o600);
      await Deno.rename(path, join(store, name));
    }
    return join("..", ".store", name);
  }

  /** Gives a name to a spec, atomically: readers see the old image or the new one. */
  async name(name: string, spec: ImageSpec, origin: Origin): Promise<void> {
    const folder = join(this.root, checkName(name));
    try {
      await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
      await replaceFile(join(folder, "origin.json"), writeOrigin(origin, spec));
      await replaceFile(join(folder, "spec.json"), JSON.stringify(spec, null, 2) + "\n");
    } catch (error) {
      throw translateDiskFull(error, `image ${name}`);
    }
  }

  /**
   * Holds the lock of one image's build, and keeps sweeps away: nothing that is put in goes before it has a name.
   *
   * @param onWait is called once when somebody else is building, before waiting for them.
   * @param signal ends the wait, which may take as long as a build does.
   */
  async lock(name: string, onWait: () => void, signal?: AbortSignal): Promise<Disposable> {
    return await lockForBuild(this.root, checkName(name), onWait, signal);
  }

  /** A folder for a build's own files, gone when it is disposed. */
  async workFolder(): Promise<{ path: string } & AsyncDisposable> {
    const path = join(this.root, `.work-${randomId()}`);
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
    return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
  }
}

/**
 * Loads the image that a folder holds.
 *
 * Its files must lie in the folder, and not only by name: whoever made it could let a link lead to any file of the host.
 */
export async function loadImageFolder(folder: string): Promise<Image> {
  const path = await inside(folder, join(folder, "spec.json"));
  const text = path && await readIfThere(path);
  if (text === undefined) throw new BerthError("image.not-found", "the folder given as --image has no spec.json");
  const files = namedFiles(resolveSpec(parseImageSpec(text, "spec.json"), folder));
  const real = new Map(await Promise.all(files.map(async ({ path }) => [path, await inside(folder, path)] as const)));
  const image = await loadSpec("folder", folder, "spec.json", text);
  return { ...image, spec: mapFiles(image.spec, (file) => real.get(file) ?? file) };
}

/** The path without any link in it; undefined when there is no such file. */
async function inside(folder: string, path: string): Promise<string | undefined> {
  const outside = new BerthError(
    "image.spec",
    `${path} is not in the image's own folder, or a link that leads out of it`,
  );
  // First by name: what stands elsewhere may not even be looked at.
  if (!join(path).startsWith(`${folder}/`)) throw outside;
  const real = await Deno.realPath(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw outside;
  });
  if (real !== undefined && !real.startsWith(`${folder}/`)) throw outside;
  return real;
}

async function loadSpec(name: string, folder: string, path: string, text: string): Promise<Image> {
  const spec = resolveSpec(parseImageSpec(text, path), folder);
  for (const { field, path: file } of namedFiles(spec)) {
    const info = await Deno.stat(file).catch(() => undefined);
    if (!info?.isFile) {
      throw new BerthError("image.file-missing", `image "${name}": ${field}: ${file}: there is no such file`);
    }
  }
  return { name, spec, ...await readOrigin(folder, parseImageSpec(text, path)) };
}

async function readOrigin(folder: string, spec: ImageSpec): Promise<Pick<Image, "origin" | "agentHash">> {
  const text = await readIfThere(join(folder, "origin.json"));
  // Before there were origins, the agent's hash had a file of its own.
  if (text === undefined) return { agentHash: await readIfThere(join(folder, "agent")) };
  const origin = parseOrigin(text, spec);
  return origin ? { origin, agentHash: origin.agent } : { agentHash: UNKNOWN_AGENT };
}

async function replaceFile(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, text);
  await Deno.rename(`${path}.new`, path);
}

async function sizeIfThere(path: string): Promise<number | undefined> {
  return (await Deno.stat(path).catch(() => undefined))?.size;
}

function checkName(name: string): string {
  if (!NAME.test(name)) throw new BerthError("image.name", `"${name}" is not an image name`);
  return name;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    // ENOTDIR: a part of the path is a file. It says that there is no such file as well as ENOENT does.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

async function readFolder(path: string): Promise<AsyncIterable<Deno.DirEntry>> {
  await Deno.mkdir(path, { recursive: true, mode: 0o700 });
  return Deno.readDir(path);
}
