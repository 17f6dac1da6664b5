/**
 * Template stores of tests, with an image in the images' folder.
 *
 * @module
 */

// @ts-types="../../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { ImageStore } from "../../../../lib/image/store.ts";
import { filesOf } from "../../../../lib/image/origin.ts";
import type { Template, TemplateAbout } from "../../../../lib/image/template/record.ts";
import { TemplateStore } from "../../../../lib/image/template/store.ts";
import { build } from "../../../support/images.ts";
import { runScript } from "../../../support/shell.ts";
import { temporaryFolder } from "../../../support/temp.ts";

export const BOOT = "this boot";

/** A store, and what is around it. */
export interface Scene {
  /** The images' folder. */
  readonly root: string;
  /** That of the templates. */
  readonly folder: string;
  readonly store: TemplateStore;
  /** Of the image "ci", which is there. */
  readonly about: TemplateAbout;
  readonly images: ImageStore;
  readonly work: string;
}

/** A key; another one for each number. */
export function keyOf(number: number): string {
  return number.toString(16).padStart(32, "0");
}

export const KEY = keyOf(0xabc);

/** A test with a store of its own. */
export function sceneTest(name: string, fn: (scene: Scene) => Promise<void>): void {
  Deno.test(name, () => inScene(fn));
}

/** Calls a function with a store of its own. */
export async function inScene(fn: (scene: Scene) => Promise<void>): Promise<void> {
  await using temporary = await temporaryFolder();
  const [root, work] = [`${temporary.path}/images`, temporary.path];
  const images = new ImageStore(root);
  await build(images, work, "ci");
  await fn({
    ...{ root, work, images, store: new TemplateStore(root), folder: `${root}/.templates` },
    about: await aboutOf(images, "ci"),
  });
}

/** What a template of an image is made of. */
export async function aboutOf(images: ImageStore, image: string): Promise<TemplateAbout> {
  const files = filesOf((await images.load(image)).spec);
  return { image, files, memoryMiB: 512, vcpus: 1, accelerator: "tcg", bootId: BOOT };
}

/** Makes a template whose state is a text. */
export async function make({ store, about }: Pick<Scene, "store" | "about">, key = KEY, state = "state of a guest") {
  const { unfinished, why } = await store.begin(key, about, 1);
  assertEquals(why, undefined);
  await unfinished!.write(new TextEncoder().encode(state));
  return await unfinished!.commit(`nonce of ${key}`);
}

/** What a template has, read where a clone would. */
export async function textOf(template: Template | undefined): Promise<string | undefined> {
  return template && await Deno.readTextFile(template.path);
}

/** Names of what is in the folder of templates, sorted, without the lock. */
export async function namesIn(folder: string): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
  return names.filter((name) => name !== ".lock");
}

/** Runs a line of shell with arguments, as `$1` and so on. */
export async function sh(line: string, ...args: string[]): Promise<void> {
  await runScript(["sh", "-c"], line, "sh", ...args);
}

/** Sets the time when a template was used last, in seconds. */
export async function usedAt(folder: string, key: string, seconds: number): Promise<void> {
  await Deno.utime(`${folder}/${key}.json`, seconds, seconds);
}

/** Rewrites fields of a record, as nobody but its own user can. */
export async function editRecord(
  folder: string,
  change: (record: Record<string, unknown>) => Record<string, unknown>,
  key = KEY,
): Promise<void> {
  const path = `${folder}/${key}.json`;
  await Deno.writeTextFile(path, JSON.stringify(change(JSON.parse(await Deno.readTextFile(path)))));
}
