/**
 * `@std/fs`, as far as it is used here: no package of npm carries it. Names, signatures and semantics are upstream's, so
 * that with JSR one line of `deno.json` takes this file's place; options that nobody uses are left out.
 *
 * All of it follows links, and makes what others may read: it is for folders of one's own.
 *
 * @module
 */

// @ts-types="../base/types/path.d.ts"
import { basename, join } from "@std/path";

/** Options of {@linkcode exists}. */
export interface ExistsOptions {
  /** True only for a folder. */
  isDirectory?: boolean;
  /** True only for a file. */
  isFile?: boolean;
}

/**
 * Existence of a path, links followed: one that leads nowhere does not exist. What can't be looked at by reason of the
 * file system's permissions exists.
 *
 * @throws {TypeError} when it is to be both a folder and a file; whatever Deno.stat() throws but NotFound.
 */
export async function exists(path: string, options: ExistsOptions = {}): Promise<boolean> {
  if (options.isDirectory && options.isFile) throw new TypeError("nothing is both: isDirectory or isFile, not the two");
  try {
    const info = await Deno.stat(path);
    return (!options.isDirectory || info.isDirectory) && (!options.isFile || info.isFile);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    // That one is the kernel's word on a folder above; Deno's own refusal is NotCapable.
    if (error instanceof Deno.errors.PermissionDenied) return true;
    throw error;
  }
}

/**
 * Makes a folder, with those above it, unless it is there.
 *
 * @throws {Error} when something else has its name.
 */
export async function ensureDir(dir: string): Promise<void> {
  try {
    await Deno.mkdir(dir, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    if (!(await Deno.stat(dir)).isDirectory) throw new Error(`${dir}: this is no folder`, { cause: error });
  }
}

/**
 * Empties a folder, or makes it.
 *
 * @throws {Deno.errors.NotFound} for what can't be removed by its name, as that is no text.
 */
export async function emptyDir(dir: string): Promise<void> {
  let names: string[];
  try {
    names = (await Array.fromAsync(Deno.readDir(dir))).map(({ name }) => name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return await Deno.mkdir(dir, { recursive: true });
  }
  for (const name of names) await Deno.remove(join(dir, name), { recursive: true });
}

/** Options of {@linkcode walk}. */
export interface WalkOptions {
  /** Folders below the root that it goes down; 0 is the root alone. Default: all. */
  maxDepth?: number;
  /** Default true. */
  includeFiles?: boolean;
  /** Default true; the root is one of them. */
  includeDirs?: boolean;
  /** Default true. Links are told of, and not followed. */
  includeSymlinks?: boolean;
  /** Endings of the names to tell of, with or without their dot. */
  exts?: string[];
}

/** Entry of a tree. */
export interface WalkEntry extends Deno.DirEntry {
  /** Its path, which begins with the root. */
  path: string;
}

/** Walks a tree from its root on: each folder comes before what is in it. */
export async function* walk(root: string, options: WalkOptions = {}): AsyncIterableIterator<WalkEntry> {
  const { maxDepth = Infinity, includeDirs = true } = options;
  if (maxDepth < 0) return;
  const endings = options.exts?.map((ext) => ext.startsWith(".") ? ext : `.${ext}`);
  const isWanted = (path: string) => !endings || endings.some((ending) => path.endsWith(ending));
  if (includeDirs && isWanted(root)) yield await entryOf(root);
  if (maxDepth < 1) return;
  for await (const entry of Deno.readDir(root)) {
    const path = join(root, entry.name);
    if (entry.isDirectory) yield* walk(path, { ...options, maxDepth: maxDepth - 1 });
    else if (isIncluded(entry, options) && isWanted(path)) yield { ...entry, path };
  }
}

function isIncluded({ isSymlink }: Deno.DirEntry, options: WalkOptions): boolean {
  return (isSymlink ? options.includeSymlinks : options.includeFiles) ?? true;
}

async function entryOf(path: string): Promise<WalkEntry> {
  const { isFile, isDirectory, isSymlink } = await Deno.stat(path);
  return { path, name: basename(path), isFile, isDirectory, isSymlink };
}
