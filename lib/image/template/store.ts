/**
 * The template store: saved states of guests that have booted, from which VMs are cloned.
 *
 * What is in its folder stands in folder.ts. It never waits for a clone, nor does a clone for it: what a clone has open
 * stays its own when it is removed.
 *
 * @module
 */

import { describeError } from "../../base/errors.ts";
import { expectRoom } from "../../disk/watch.ts";
import { closeLocked } from "../../files/locked_file.ts";
import { tryLock } from "../../files/try_lock.ts";
import { TemplateFolder } from "./folder.ts";
import { blamed, checkKey, type Template, type TemplateAbout, templateOf } from "./record.ts";
import { settle } from "./settle.ts";
import { listTemplates, sweepTemplates, type TemplateBounds, type TemplateInfo, type TemplateSweep } from "./sweep.ts";
import { startWriting, type UnfinishedTemplate } from "./unfinished.ts";

const BOUNDS: TemplateBounds = { most: 8, bytes: 2 * 1024 ** 3 };

/** More than a state takes: 87 MB of a guest of 512 MiB were seen, and 180 MB of one of 4 GiB. */
const ROOM_BYTES = 300 * 1024 ** 2;

/** Store of templates, in the folder `.templates` of the images'. */
export class TemplateStore {
  readonly #folder: TemplateFolder;
  readonly #bounds: TemplateBounds;

  /** @param root the images' folder. @param bounds of all templates together: how many, and bytes. */
  constructor(root: string, bounds: Partial<TemplateBounds> = {}) {
    this.#folder = new TemplateFolder(root);
    this.#bounds = { ...BOUNDS, ...bounds };
  }

  /**
   * The template of that key, if it can be used, which counts as a use of it. What is there and is not what was written
   * is removed; `why` says so. Never fails: a guest can boot without it.
   */
  async open(key: string): Promise<{ readonly template?: Template; readonly why?: string }> {
    const folder = this.#folder;
    checkKey(key);
    return await orWhy(async () => {
      if (!await folder.isThere()) return {};
      const { judged } = await folder.look(key);
      if (judged.kind === "absent") return {};
      const { record, why } = judged.kind === "usable" ? { ...judged, why: undefined } : await this.#settle(key);
      if (!record) return { why };
      const now = new Date();
      // It may be removed at this moment, or its disk be read-only: that is seen by who opens it.
      await Deno.utime(folder.recordPath(key), now, now).catch(() => {});
      return { template: templateOf(record, folder.statePath(key)) };
    });
  }

  /**
   * Begins to write a template. Undefined, with the reason, when it is there already, somebody else writes it, it failed
   * lately, or there is no room for it. Never fails, as {@linkcode open}.
   */
  async begin(
    key: string,
    about: TemplateAbout,
    minFreeBytes: number,
  ): Promise<{ readonly unfinished?: UnfinishedTemplate; readonly why?: string }> {
    const folder = this.#folder;
    checkKey(key);
    return await orWhy(async () => {
      await folder.make();
      using _lock = await folder.lock();
      const { record, why, isHeldBack } = await settle(folder, key);
      if (record) return { why: "there is such a template already" };
      if (isHeldBack) return { why };
      // What a killed berth has left, nobody holds.
      if (await folder.dropWork(key) === undefined) return { why: "another berth makes this template" };
      await expectRoom([folder.path], minFreeBytes + ROOM_BYTES);
      const file = await openNew(folder.workPath(key));
      return { unfinished: startWriting({ folder, key, about, file, bounds: this.#bounds }) };
    });
  }

  /**
   * Notes that a clone of a template did not start: at the third time the template is thrown away, and is not made again
   * for an hour.
   *
   * @returns whether it was thrown away now.
   */
  async blame(key: string, why: string): Promise<boolean> {
    checkKey(key);
    const folder = this.#folder;
    if (!await folder.isThere()) return false;
    using _lock = await folder.lock();
    const { judged } = await folder.look(key);
    if (judged.kind !== "usable" && judged.kind !== "moved") return false;
    const record = blamed(judged.record, why, Date.now());
    await folder.write(record);
    if (record.thrownAway) await folder.dropState(key);
    return record.thrownAway !== undefined;
  }

  /** Facts of all templates that can be used, by key. */
  async list(): Promise<TemplateInfo[]> {
    return await this.#folder.isThere() ? await listTemplates(this.#folder) : [];
  }

  /**
   * Removes templates of images that are gone or whose files are, and of an earlier boot of the host, what killed berths
   * have left of others, and those beyond the bounds, least recently used first.
   *
   * @param bootId that of the host now.
   */
  async sweep(bootId: string): Promise<TemplateSweep> {
    if (!await this.#folder.isThere()) return { freedBytes: 0, troubles: [] };
    using _lock = await this.#folder.lock();
    return await sweepTemplates(this.#folder, this.#bounds, bootId);
  }

  async #settle(key: string) {
    using _lock = await this.#folder.lock();
    return await settle(this.#folder, key);
  }
}

/** Result of an action, or why it came to nothing. */
async function orWhy<T>(action: () => Promise<T>): Promise<T | { readonly why: string }> {
  try {
    return await action();
  } catch (error) {
    return { why: describeError(error) };
  }
}

/** Opens a file that is not there yet, and holds it. */
async function openNew(path: string): Promise<Deno.FsFile> {
  using stack = new DisposableStack();
  const file = stack.adopt(await Deno.open(path, { createNew: true, write: true, mode: 0o600 }), closeLocked);
  if (!tryLock(file, { exclusive: true })) throw new Error(`somebody holds ${path}, which is new`);
  stack.move();
  return file;
}
