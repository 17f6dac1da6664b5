/**
 * Removes templates that nothing needs, and those beyond the bounds.
 *
 * @module
 */

import { describeError } from "../../base/errors.ts";
import { isMissing } from "../../files/small_file.ts";
import { ImageStore } from "../store.ts";
import type { TemplateFolder } from "./folder.ts";
import { heldBack, type TemplateAbout } from "./record.ts";

/** Most that all templates may be. */
export interface TemplateBounds {
  readonly most: number;
  readonly bytes: number;
}

/** Facts of a template. */
export interface TemplateInfo {
  readonly key: string;
  readonly about: TemplateAbout;
  /** What its state takes of the disk. */
  readonly bytes: number;
  readonly createdMs: number;
  readonly usedMs: number;
  /** Clones of it that did not start. */
  readonly failures: number;
}

/** Result of a sweep. */
export interface TemplateSweep {
  readonly freedBytes: number;
  readonly troubles: readonly string[];
}

/** Templates of whom some have to go, least recently used first, so that the others keep the bounds. Pure. */
export function planBounds(
  templates: readonly Pick<TemplateInfo, "key" | "bytes" | "usedMs">[],
  { most, bytes }: TemplateBounds,
): string[] {
  let sum = 0;
  const latestFirst = templates.toSorted((one, other) => other.usedMs - one.usedMs);
  const firstToGo = latestFirst.findIndex((template, index) => index >= most || (sum += template.bytes) > bytes);
  return firstToGo < 0 ? [] : latestFirst.slice(firstToGo).map(({ key }) => key).reverse();
}

/** Facts of all templates that are there and not damaged, by key. Looks only. */
export async function listTemplates(folder: TemplateFolder): Promise<TemplateInfo[]> {
  const infos: TemplateInfo[] = [];
  for (const key of (await folder.keys()).templates) {
    const { judged, bytes, usedMs } = await folder.look(key);
    if (judged.kind !== "usable" && judged.kind !== "moved") continue;
    const { about, createdMs, failures } = judged.record;
    infos.push({ key, about, bytes, createdMs, usedMs, failures });
  }
  return infos;
}

/** Keeps the bounds. Under the folder's lock. @returns the freed bytes. */
export async function keepBounds(folder: TemplateFolder, bounds: TemplateBounds): Promise<number> {
  let freedBytes = 0;
  for (const key of planBounds(await listTemplates(folder), bounds)) freedBytes += await folder.drop(key);
  return freedBytes;
}

/** Removes what nothing needs. Under the folder's lock. @param bootId that of the host now. */
export async function sweepTemplates(
  folder: TemplateFolder,
  bounds: TemplateBounds,
  bootId: string,
): Promise<TemplateSweep> {
  const sweep = new Sweeping(folder, bootId);
  const { templates, works, unwritten } = await folder.keys();
  for (const key of works) await sweep.attempt(async () => await folder.dropWork(key) ?? 0);
  for (const key of unwritten) await sweep.attempt(() => folder.dropUnwritten(key));
  for (const key of templates) await sweep.attempt(() => sweep.template(key));
  await sweep.attempt(() => keepBounds(folder, bounds));
  return sweep;
}

class Sweeping implements TemplateSweep {
  freedBytes = 0;
  readonly troubles: string[] = [];
  readonly #folder: TemplateFolder;
  readonly #bootId: string;

  constructor(folder: TemplateFolder, bootId: string) {
    this.#folder = folder;
    this.#bootId = bootId;
  }

  /** One thing that goes wrong keeps nothing else from being removed. */
  async attempt(action: () => Promise<number>): Promise<void> {
    try {
      this.freedBytes += await action();
    } catch (error) {
      this.troubles.push(`a template that nothing needs can't be removed: ${describeError(error)}`);
    }
  }

  async template(key: string): Promise<number> {
    const { judged } = await this.#folder.look(key);
    if (judged.kind === "absent") return 0;
    if (judged.kind === "bad" || !await this.#isNeeded(judged.record.about)) return await this.#folder.drop(key);
    if (judged.kind !== "thrown-away") return 0;
    // Its record stays as long as it is not to be made again; the state of one whose remover was killed does not.
    const isForgotten = heldBack(judged.record, Date.now()) === undefined;
    return isForgotten ? await this.#folder.drop(key) : await this.#folder.dropState(key);
  }

  async #isNeeded({ bootId, image, files }: TemplateAbout): Promise<boolean> {
    if (bootId !== this.#bootId || !await new ImageStore(this.#folder.images).has(image)) return false;
    return (await Promise.all(files.map(isThere))).every((is) => is);
  }
}

/** What can't be looked at is there. */
async function isThere(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, (error) => !isMissing(error));
}
