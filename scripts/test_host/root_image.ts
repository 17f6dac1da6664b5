/**
 * The root image's cache: one folder an image, named by the hash of its recipe. A folder that has its
 * final name is complete; whatever is being made lives under the work folder until it is renamed.
 *
 * @module
 */
import { ensureDir, exists, walk } from "@std/fs";
import { type AptSetup, readAptSetup } from "./apt.ts";
import { runScript } from "./child.ts";
import type { Bound } from "./wait.ts";

/** Measured: 26–57 s on two cores. The rest is for slow mirrors. */
const BUILD_LIMIT_MS = 600_000;

/** The files of a built image. */
export interface RootImage {
  readonly rootImage: string;
  readonly kernel: string;
  /** False if it was in the cache. */
  readonly built: boolean;
}

/** Hashes a recipe: every file of it by name and content, and what it takes over from the host. */
export async function hashRecipe(
  files: ReadonlyMap<string, string>,
  apt: AptSetup,
): Promise<string> {
  const recipe = JSON.stringify([[...files].sort(), apt.sources, apt.options]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(recipe));
  return new Uint8Array(digest).toHex().slice(0, 16);
}

async function readRecipe(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const { path } of walk(folder, { includeDirs: false })) {
    files.set(path.slice(folder.length + 1), await Deno.readTextFile(path));
  }
  return files;
}

/** Removes every image but the one of today's recipe. */
async function removeOthers(images: string, key: string): Promise<void> {
  for await (const entry of Deno.readDir(images)) {
    if (entry.name !== key) await Deno.remove(`${images}/${entry.name}`, { recursive: true });
  }
}

/**
 * Builds the image unless it is there.
 *
 * @param recipeFolder has `build.sh` and what it reads
 * @param cacheRoot holds `images/`
 * @param workFolder on the same file system; belongs to the caller, who removes it
 */
export async function ensureRootImage(
  recipeFolder: string,
  cacheRoot: string,
  workFolder: string,
  bound: Bound,
): Promise<RootImage> {
  const apt = await readAptSetup(bound);
  const key = await hashRecipe(await readRecipe(recipeFolder), apt);
  const images = `${cacheRoot}/images`;
  const folder = `${images}/${key}`;
  const image = { rootImage: `${folder}/root.img`, kernel: `${folder}/vmlinuz` };
  if (await exists(folder, { isDirectory: true })) return { ...image, built: false };
  const building = `${workFolder}/image`;
  await ensureDir(building);
  await ensureDir(images);
  await Deno.writeTextFile(`${building}/sources.list`, toLines(apt.sources));
  await Deno.writeTextFile(`${building}/apt-options`, toLines(apt.options));
  const argv = ["sh", `${recipeFolder}/build.sh`, building];
  await runScript({ what: "build of the root image", argv, limitMs: BUILD_LIMIT_MS }, bound);
  await Deno.rename(building, folder);
  await removeOthers(images, key);
  return { ...image, built: true };
}

function toLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
