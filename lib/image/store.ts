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
import { removeFolderTree } from "../files/remove_folder.ts";
import { type Origin, parseOrigin, writeOrigin } from "./origin.ts";
import { isMissing, readSmallFile, realPathInside } from "../files/small_file.ts";
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

/** Of a spec, and of what stands beside it: an OCI config of 4 MiB makes no larger one. */
const TEXT_LIMIT_BYTES = 16 * 1024 ** 2;

/** Place of a spec. */
export interface SpecPlace {
  readonly folder: string;
  readonly path: string;
}

/** Text of a spec that was not looked into yet. */
export interface SpecText extends SpecPlace {
  readonly text: string;
}

/** Store of images, below one folder. */
export class ImageStore {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Whether there is an image of that name. */
  async has(name: string): Promise<boolean> {
    return await this.find(name) !== undefined;
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
    const asWritten = parseImageSpec(text, path);
    const spec = resolveSpec(asWritten, folder);
    await expectFiles(name, spec);
    return { name, spec, ...await this.#readOrigin(folder, asWritten) };
  }

  /** The spec's text as it stands there, with its folder and its file. */
  async readSpec(name: string): Promise<SpecText> {
    const place = await this.find(name);
    const text = place && await readText(this.root, place.path);
    if (text === undefined) throw new BerthError("image.not-found", `there is no image "${name}"`);
    return { ...place!, text };
  }

  /** Where an image's spec is, whatever it is; undefined when there is no image of that name. */
  async find(name: string): Promise<SpecPlace | undefined> {
    const own = join(this.root, checkName(name));
    for (const [folder, file] of [[own, "spec.json"], [this.root, `${name}.json`]]) {
      const path = join(folder, file);
      if (await sizeIfThere(path) !== undefined) return { folder, path };
    }
  }

  async #readOrigin(folder: string, spec: ImageSpec): Promise<Pick<Image, "origin" | "agentHash">> {
    const text = await readText(this.root, join(folder, "origin.json"));
    // Before there were origins, the agent's hash had a file of its own.
    if (text === undefined) return { agentHash: await readText(this.root, join(folder, "agent")) };
    const origin = parseOrigin(text, spec);
    return origin ? { origin, agentHash: origin.agent } : { agentHash: UNKNOWN_AGENT };
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
      await Deno.chmod(path, 0o644);
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
    return { path, [Symbol.asyncDispose]: () => removeFolderTree(path) };
  }
}

/**
 * Loads the image that a folder holds. Who has made it, berth did not: nothing but the spec and its files is looked at.
 *
 * The files must lie in the folder, and not only by name: a link could lead to any file of the host.
 */
export async function loadImageFolder(folder: string): Promise<Image> {
  const text = await readText(folder, join(folder, "spec.json"));
  if (text === undefined) throw new BerthError("image.not-found", "the folder given as --image has no spec.json");
  const spec = resolveSpec(parseImageSpec(text, "spec.json"), folder);
  const paths = namedFiles(spec).map(({ path }) => path);
  const real = new Map(await Promise.all(paths.map(async (path) => [path, await inside(folder, path)] as const)));
  await expectFiles("folder", spec);
  return { name: "folder", spec: mapFiles(spec, (path) => real.get(path) ?? path) };
}

/** The path without any link in it; undefined when there is no such file. */
async function inside(folder: string, path: string): Promise<string | undefined> {
  // First by name: what stands elsewhere may not even be looked at.
  const real = join(path).startsWith(`${folder}/`) ? await realPathInside(folder, path) : "outside";
  if (real !== "outside") return real;
  throw new BerthError("image.spec", `${path} is not in the image's own folder, or a link that leads out of it`);
}

/** @throws {BerthError} `image.file-missing`, or `image.spec` for a file that berth may not look at. */
async function expectFiles(image: string, spec: ImageSpec): Promise<void> {
  for (const { field, path } of namedFiles(spec)) {
    const where = `image "${image}": ${field}: ${path}`;
    const info = await Deno.stat(path).catch((error) => {
      if (isMissing(error)) throw new BerthError("image.file-missing", `${where}: there is no such file`);
      if (!(error instanceof Deno.errors.NotCapable)) throw error;
      throw new BerthError("image.spec", `${where}: an image's files must be in its own folder, or in the store`);
    });
    if (!info.isFile) throw new BerthError("image.file-missing", `${where}: this is no file`);
  }
}

/** Reads a spec, or what stands beside it; undefined when there is none. @throws {BerthError} `image.spec`. */
export async function readText(folder: string, path: string): Promise<string | undefined> {
  return await readSmallFile({ folder, path, where: path, limitBytes: TEXT_LIMIT_BYTES, code: "image.spec" });
}

async function replaceFile(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, text);
  await Deno.rename(`${path}.new`, path);
}

async function sizeIfThere(path: string): Promise<number | undefined> {
  return (await Deno.lstat(path).catch(() => undefined))?.size;
}

function checkName(name: string): string {
  if (!NAME.test(name)) throw new BerthError("image.name", `"${name}" is not an image name`);
  return name;
}

async function readFolder(path: string): Promise<AsyncIterable<Deno.DirEntry>> {
  await Deno.mkdir(path, { recursive: true, mode: 0o700 });
  return Deno.readDir(path);
}
