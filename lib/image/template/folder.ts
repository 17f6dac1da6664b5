/**
 * The folder of templates, below that of the images.
 *
 *     .templates/KEY.state   the saved state, mode 0400
 *     .templates/KEY.json    its record, written when the state has its name; its time is that of the last use
 *     .templates/.work-KEY   a state that is being written; its writer holds its lock
 *     .templates/.new-KEY    a record that is being written
 *     .templates/.lock       who changes anything of the others holds it, for the time of some renames
 *
 * Nothing is synced to the disk: keys have the host's boot in them, so no template outlives what was not written yet.
 *
 * @module
 */

// @ts-types="../../base/types/path.d.ts"
import { join } from "@std/path";
import { within } from "../../base/deadline.ts";
import { BerthError, ignoreNotFound } from "../../base/errors.ts";
import { BLOCK_BYTES } from "../../disk/watch.ts";
import { listFolder } from "../../files/list_folder.ts";
import { closeLocked } from "../../files/locked_file.ts";
import { ownershipProblem } from "../../files/own_folder.ts";
import { removeFolderTree } from "../../files/remove_folder.ts";
import { readSmallFile } from "../../files/small_file.ts";
import { removeUnheld } from "../store_locks.ts";
import { checkKey, isKey, judge, type Judged, type Seen, type TemplateRecord } from "./record.ts";

/** Who holds the lock renames and unlinks; at the most it reads one state, whose file was moved. */
const LOCK_MS = 10_000;
/** Of a record. */
const TEXT_LIMIT_BYTES = 64 * 1024;

/** Kinds of files that a template has. */
const PARTS = {
  state: /^([^.]+)\.state$/,
  record: /^([^.]+)\.json$/,
  work: /^\.work-(.+)$/,
  unwritten: /^\.new-(.+)$/,
};

/** Template as it is there. */
export interface Look {
  readonly judged: Judged;
  /** What the state takes of the disk. */
  readonly bytes: number;
  readonly usedMs: number;
}

/** Folder of the templates, and the files in it. */
export class TemplateFolder {
  /** The folder of the images. */
  readonly images: string;
  readonly path: string;

  constructor(images: string) {
    this.images = images;
    this.path = join(images, ".templates");
  }

  /** Path of the state of a template. */
  statePath(key: string): string {
    return join(this.path, `${checkKey(key)}.state`);
  }

  /** Path of its record. */
  recordPath(key: string): string {
    return join(this.path, `${checkKey(key)}.json`);
  }

  /** Path of the state while it is written. */
  workPath(key: string): string {
    return join(this.path, `.work-${checkKey(key)}`);
  }

  #newPath(key: string): string {
    return join(this.path, `.new-${checkKey(key)}`);
  }

  /** Whether there are templates at all. @throws {BerthError} `host.state` for a folder that is not this user's. */
  async isThere(): Promise<boolean> {
    const info = await Deno.lstat(this.path).catch(ignoreNotFound);
    if (!info) return false;
    const problem = info.isDirectory ? ownershipProblem(info, ownUser()) : "this is no folder";
    if (problem) throw new BerthError("host.state", `${this.path}: ${problem}`);
    return true;
  }

  /** Makes the folder, unless it is there. @throws {BerthError} `host.state`. */
  async make(): Promise<void> {
    if (!await this.isThere()) await Deno.mkdir(this.path, { recursive: true, mode: 0o700 });
    // Somebody may have put a link there meanwhile.
    await this.isThere();
    await Deno.chmod(this.path, 0o700);
  }

  /** The lock of all that is in the folder, which is there. */
  async lock(): Promise<Disposable> {
    const file = await Deno.open(join(this.path, ".lock"), { create: true, write: true, mode: 0o600 });
    try {
      await within(file.lock(true), LOCK_MS, `whoever changes something in ${this.path}`);
    } catch (error) {
      file.close();
      throw error;
    }
    return { [Symbol.dispose]: () => closeLocked(file) };
  }

  /** Keys of what is there, by kind. */
  async keys(): Promise<Readonly<Record<"templates" | "works" | "unwritten", readonly string[]>>> {
    const names = (await listFolder(this.path)).map(({ name }) => name);
    const found = (part: RegExp) => names.flatMap((name) => part.exec(name)?.[1] ?? []).filter(isKey);
    const templates = new Set([...found(PARTS.state), ...found(PARTS.record)]);
    return { templates: [...templates].sort(), works: found(PARTS.work), unwritten: found(PARTS.unwritten) };
  }

  /** Looks at a template. Changes nothing. */
  async look(key: string): Promise<Look> {
    const seen = await this.#see(key);
    return {
      judged: judge(seen, ownUser()),
      bytes: (seen.state?.blocks ?? 0) * BLOCK_BYTES,
      usedMs: seen.record?.mtime?.getTime() ?? 0,
    };
  }

  async #see(key: string): Promise<Seen> {
    const [path, where] = [this.recordPath(key), `the record of ${key}`];
    const record = await Deno.lstat(path).catch(ignoreNotFound);
    const file = { folder: this.path, path, where, limitBytes: TEXT_LIMIT_BYTES, code: "host.state" } as const;
    const text = record && await readSmallFile(file).catch(ignoreRefused);
    // After the record, which is written later: a state that is not there yet is not missed.
    return { key, record, text, state: await Deno.lstat(this.statePath(key)).catch(ignoreNotFound) };
  }

  /** Writes a record, whole or not at all. Under the lock. */
  async write(record: TemplateRecord): Promise<void> {
    const unfinished = this.#newPath(record.key);
    await Deno.remove(unfinished).catch(ignoreNotFound);
    try {
      await Deno.writeTextFile(unfinished, JSON.stringify(record) + "\n", { createNew: true, mode: 0o600 });
      await Deno.rename(unfinished, this.recordPath(record.key));
    } catch (error) {
      await Deno.remove(unfinished).catch(ignoreNotFound);
      throw error;
    }
  }

  /**
   * Removes a template, and returns what that frees. Under the lock.
   *
   * The record first: a state without one is nobody's. Clones that have the state open keep it.
   */
  async drop(key: string): Promise<number> {
    return await removeWhatever(this.recordPath(key)) + await this.dropState(key);
  }

  /** Removes its state alone, as {@linkcode drop} does. */
  async dropState(key: string): Promise<number> {
    return await removeWhatever(this.statePath(key));
  }

  /** Removes a state that nobody writes any more; undefined when somebody does. Under the lock. */
  async dropWork(key: string): Promise<number | undefined> {
    const path = this.workPath(key);
    // What else has its name would lead elsewhere, or let nobody open it.
    const isFile = (await Deno.lstat(path).catch(ignoreNotFound))?.isFile;
    return isFile ? await removeUnheld(path) : await removeWhatever(path);
  }

  /** Removes a record that was being written. Under the lock, so nobody writes it any more. */
  async dropUnwritten(key: string): Promise<number> {
    return await removeWhatever(this.#newPath(key));
  }
}

/** The user that this is, and whose files are trusted. */
function ownUser(): number {
  return Deno.uid() ?? 0;
}

/** Removes what has a file's name and may be anything. @returns what it took of the disk, bytes. */
async function removeWhatever(path: string): Promise<number> {
  const info = await Deno.lstat(path).catch(ignoreNotFound);
  if (info) await removeFolderTree(path);
  // What has another name stays there.
  return info?.nlink === 1 ? (info.blocks ?? 0) * BLOCK_BYTES : 0;
}

/** What can't be read as a record is none. */
function ignoreRefused(error: unknown): undefined {
  if (!(error instanceof BerthError)) throw error;
}
