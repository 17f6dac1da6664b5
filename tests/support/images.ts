/**
 * Stores with small images in them.
 *
 * @module
 */

import { walk } from "@std/fs";
import type { Origin } from "../../lib/image/origin.ts";
import type { ImageSpec } from "../../lib/image/spec.ts";
import { ImageStore } from "../../lib/image/store.ts";
import { temporaryFolder } from "./temp.ts";

/** The least spec there can be. */
export function specOf(kernel: string, initrd: string): ImageSpec {
  return { arch: "x86_64", kernel, initrd, bootArgs: "", memoryMiB: 64, vcpus: 1, runnerType: "qemu" };
}

/** Where an image is from whose agent has that hash. */
export function originOf(agent: string): Origin {
  return { from: "busybox", builtAt: "2026-11-01T00:00:00.000Z", kernel: "host", agent };
}

/** A test with a store of its own; `work` is a folder beside it. */
export function storeTest(
  name: string,
  fn: (store: ImageStore, root: string, work: string) => Promise<void>,
): void {
  Deno.test(name, async () => {
    await using folder = await temporaryFolder();
    const root = `${folder.path}/images`;
    await fn(new ImageStore(root), root, folder.path);
  });
}

/** Puts an image of two files in; images whose contents are given the same share them. */
export async function build(store: ImageStore, work: string, name: string, content = name): Promise<ImageSpec> {
  await Deno.writeTextFile(`${work}/k`, `kernel of ${content}`);
  await Deno.writeTextFile(`${work}/i`, `initrd of ${content}`);
  const spec = specOf(await store.put(`${work}/k`, "kernel"), await store.put(`${work}/i`, "initramfs"));
  await store.name(name, spec, originOf(`agent of ${content}`));
  return spec;
}

/** Every file and folder below a folder, as paths from there, sorted. */
export async function tree(folder: string): Promise<string[]> {
  const paths = await Array.fromAsync(walk(folder), ({ path }) => path.slice(folder.length + 1));
  return paths.filter((path) => path !== "").sort();
}
