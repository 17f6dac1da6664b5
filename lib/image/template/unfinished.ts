/**
 * Template that is being written: a file that nobody takes for one before all of it is there.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { ignoreNotFound, translateRefusedWrite } from "../../base/errors.ts";
import { formatBytes } from "../../base/units.ts";
import { writeAll } from "../../base/write_all.ts";
import { closeLocked } from "../../files/locked_file.ts";
import type { TemplateFolder } from "./folder.ts";
import { keepBounds, type TemplateBounds } from "./sweep.ts";
import { identityOf, newRecord, STATE_MODE, type Template, type TemplateAbout, templateOf } from "./record.ts";

/** Template that is being written. Disposing removes it, unless it is finished. */
export interface UnfinishedTemplate extends AsyncDisposable {
  /** Appends to its state. @throws {BerthError} `host.disk-full`; nothing is left of it then. */
  write(chunk: Uint8Array): Promise<void>;
  /** Makes it one that clones can be started from, and ends the writing. */
  commit(nonce: string): Promise<Template>;
}

/** What is to become a template. */
export interface Writing {
  readonly folder: TemplateFolder;
  readonly key: string;
  readonly about: TemplateAbout;
  /** Its work file, new and locked; it is this one's from now on. */
  readonly file: Deno.FsFile;
  /** Of all templates; this one alone must not be beyond them: who sends it is a VMM. */
  readonly bounds: TemplateBounds;
}

/** Begins with an empty file. */
export function startWriting(writing: Writing): UnfinishedTemplate {
  return new Unfinished(writing);
}

class Unfinished implements UnfinishedTemplate {
  readonly #writing: Writing;
  readonly #hash = createHash("sha256");
  #bytes = 0;
  #isNamed = false;
  #isOver = false;

  constructor(writing: Writing) {
    this.#writing = writing;
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.#orUndo(async ({ file, key, bounds: { bytes } }) => {
      this.#bytes += chunk.length;
      if (this.#bytes > bytes) {
        throw new Error(`template ${key}: it has more than the ${formatBytes(bytes)} of them all`);
      }
      await writeAll(file, chunk);
      this.#hash.update(chunk);
    });
  }

  async commit(nonce: string): Promise<Template> {
    return await this.#orUndo(async ({ folder, key, about, file, bounds }) => {
      await Deno.chmod(folder.workPath(key), STATE_MODE);
      using _lock = await folder.lock();
      await Deno.rename(folder.workPath(key), folder.statePath(key));
      this.#isNamed = true;
      try {
        const sha256 = this.#hash.digest("hex");
        const seen = identityOf(await Deno.lstat(folder.statePath(key)));
        if (seen.ino !== file.statSync().ino || seen.bytes !== this.#bytes) throw new Error("somebody has replaced it");
        const record = newRecord({ key, about, nonce, createdMs: Date.now(), sha256, file: seen });
        await folder.write(record);
        this.#end();
        // It is there: what others leave in the way is for a sweep to tell.
        await keepBounds(folder, bounds).catch(() => {});
        return templateOf(record, folder.statePath(key));
      } catch (error) {
        await folder.drop(key);
        throw error;
      }
    });
  }

  async #orUndo<T>(action: (writing: Writing) => Promise<T>): Promise<T> {
    const { key } = this.#writing;
    if (this.#isOver) throw new Error(`the writing of template ${key} is over`);
    try {
      return await action(this.#writing);
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw translateRefusedWrite(error, `template ${key}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOver) return;
    const { folder, key } = this.#writing;
    try {
      // Before its lock is gone, and its name: then it could be another one's.
      if (!this.#isNamed) await Deno.remove(folder.workPath(key)).catch(ignoreNotFound);
    } finally {
      this.#end();
    }
  }

  #end(): void {
    this.#isOver = true;
    closeLocked(this.#writing.file);
  }
}
