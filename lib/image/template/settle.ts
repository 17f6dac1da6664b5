/**
 * What there is of a template, for sure: what is damaged goes, and what was moved is read.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { TemplateFolder } from "./folder.ts";
import { heldBack, identityOf, type TemplateRecord } from "./record.ts";

/** Settled template. */
export interface Settled {
  /** Of one that can be used. */
  readonly record?: TemplateRecord;
  /** Why there is none, where there was one. */
  readonly why?: string;
  /** Whether it may not be made yet. */
  readonly isHeldBack?: boolean;
}

/** Settles what there is of a template. Under the folder's lock. */
export async function settle(folder: TemplateFolder, key: string): Promise<Settled> {
  const { judged } = await folder.look(key);
  switch (judged.kind) {
    case "absent":
      return {};
    case "usable":
      return { record: judged.record };
    case "thrown-away":
      return await settleThrownAway(folder, judged.record);
    case "moved":
      return await settleMoved(folder, judged.record);
    case "bad":
      return await remove(folder, key, judged.why);
  }
}

async function settleThrownAway(folder: TemplateFolder, record: TemplateRecord): Promise<Settled> {
  const why = heldBack(record, Date.now());
  // Whoever threw it away may have been killed before the state was gone.
  if (why !== undefined) await folder.dropState(record.key);
  else await folder.drop(record.key);
  return why === undefined ? {} : { why, isHeldBack: true };
}

async function settleMoved(folder: TemplateFolder, record: TemplateRecord): Promise<Settled> {
  const path = folder.statePath(record.key);
  const hash = createHash("sha256");
  {
    using file = await Deno.open(path);
    for await (const chunk of file.readable) hash.update(chunk);
  }
  if (hash.digest("hex") !== record.sha256) {
    return await remove(folder, record.key, "its state is not what was written");
  }
  const anew = { ...record, file: identityOf(await Deno.lstat(path)) };
  await folder.write(anew);
  return { record: anew };
}

async function remove(folder: TemplateFolder, key: string, why: string): Promise<Settled> {
  await folder.drop(key);
  return { why: `the template ${key} was removed: ${why}` };
}
