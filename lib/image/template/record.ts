/**
 * `KEY.json`: what a template was when it was finished, and whether what is there is still that. Pure.
 *
 * @module
 */

import * as z from "zod";
import { ownershipProblem } from "../../files/own_folder.ts";

const KEY = /^[0-9a-f]{32}$/;
/** Another number: another version of berth wrote it, and its templates are none of this one's. */
const FORMAT = 1;

/** Mode of a finished state: nobody writes it again, and a VMM of another user gets it as an open file only. */
export const STATE_MODE = 0o400;

/** How often clones of a template may fail before it is thrown away. */
const MOST_FAILURES = 3;
/** A template that failed is made again after that: what was wrong may have been the host's bad day. */
const HELD_BACK_MS = 3_600_000;
/** Of what a failure may say for itself, characters. */
const WHY_LIMIT = 500;

const ABOUT = z.object({
  image: z.string(),
  /** The image's files: absolute paths in the store. */
  files: z.readonly(z.array(z.string())),
  memoryMiB: z.int().check(z.positive()),
  vcpus: z.int().check(z.positive()),
  accelerator: z.enum(["kvm", "tcg"]),
  bootId: z.string(),
});

const millis = z.number().check(z.nonnegative());

const RECORD = z.object({
  format: z.literal(FORMAT),
  key: z.string().check(z.regex(KEY)),
  about: ABOUT,
  nonce: z.string(),
  createdMs: millis,
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  /** The state's file as it was seen when it was finished: who changes it changes one of these. */
  file: z.object({
    dev: z.number(),
    ino: z.number(),
    bytes: z.int().check(z.nonnegative()),
    mtimeMs: millis,
    ctimeMs: millis,
  }),
  failures: z.int().check(z.nonnegative()),
  /** Once its clones have failed too often: there is no state then. */
  thrownAway: z.optional(z.object({ why: z.string(), atMs: millis })),
});

/** What a template is made of, as its key tells; for people and for sweeps. */
export type TemplateAbout = Readonly<z.infer<typeof ABOUT>>;

/** Record of a template. */
export type TemplateRecord = Readonly<z.infer<typeof RECORD>>;

/** Template that a clone can be started from. */
export interface Template {
  readonly key: string;
  readonly path: string;
  readonly nonce: string;
  readonly createdMs: number;
  readonly bytes: number;
}

/** Properties of a file that tell whether it is the one that was written. */
export type SeenFile = Pick<
  Deno.FileInfo,
  "isFile" | "isSymlink" | "dev" | "ino" | "nlink" | "uid" | "mode" | "size" | "blocks" | "mtime" | "ctime"
>;

/** Files of one template, as they are there. */
export interface Seen {
  readonly key: string;
  /** Links not followed. */
  readonly record?: SeenFile;
  /** Of the record; absent when it can't be read. */
  readonly text?: string;
  readonly state?: SeenFile;
}

/** Judgement on a template. */
export type Judged =
  | { readonly kind: "absent" }
  /** `moved`: it has to be read to know whether it is what was written, as in a backup that was restored. */
  | { readonly kind: "usable" | "moved" | "thrown-away"; readonly record: TemplateRecord }
  /** Never to be used; `why` says what of it is wrong. */
  | { readonly kind: "bad"; readonly why: string };

/** @throws {TypeError} for what is no template's key, and could be any path. */
export function checkKey(key: string): string {
  if (!KEY.test(key)) throw new TypeError(`a template's key is 32 hexadecimal digits, not ${JSON.stringify(key)}`);
  return key;
}

/** True for a text that has the form of a template's key. */
export function isKey(text: string): boolean {
  return KEY.test(text);
}

/** Judges what is there of a template. @param own the user whose files they have to be. */
export function judge(seen: Seen, own: number): Judged {
  const { state, record: file } = seen;
  if (!file) return state ? { kind: "bad", why: "it was never finished" } : { kind: "absent" };
  const problem = linkProblem(file) ?? ownershipProblem(file, own);
  if (problem) return { kind: "bad", why: `its record: ${problem}` };
  const record = parseRecord(seen.text ?? "");
  if (!record) return { kind: "bad", why: "its record can't be read" };
  if (record.key !== seen.key) return { kind: "bad", why: "its record is another one's" };
  if (record.thrownAway) return { kind: "thrown-away", record };
  const why = state ? stateProblem(state, record, own) : "its state is gone";
  if (why !== undefined) return { kind: "bad", why };
  return { kind: isSame(identityOf(state!), record.file) ? "usable" : "moved", record };
}

function parseRecord(text: string): TemplateRecord | undefined {
  try {
    return RECORD.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function linkProblem({ isFile, isSymlink, nlink }: SeenFile): string | undefined {
  if (isSymlink) return "it is a link";
  if (!isFile) return "it is no file";
  return nlink === 1 ? undefined : "it has another name, too";
}

function stateProblem(state: SeenFile, { file }: TemplateRecord, own: number): string | undefined {
  const link = linkProblem(state);
  if (link) return `its state: ${link}`;
  if (state.uid !== own) return "its state: it belongs to somebody else";
  const mode = (state.mode ?? 0) & 0o7777;
  if (mode !== STATE_MODE) return `its state: its mode is ${mode.toString(8)}, not ${STATE_MODE.toString(8)}`;
  return state.size === file.bytes ? undefined : `its state: it has ${state.size} bytes, not ${file.bytes}`;
}

/** What a record keeps of the state's file. Deno knows the time of a file's change in whole seconds. */
export function identityOf({ dev, ino, size, mtime, ctime }: SeenFile): TemplateRecord["file"] {
  return { dev, ino: ino ?? 0, bytes: size, mtimeMs: mtime?.getTime() ?? 0, ctimeMs: ctime?.getTime() ?? 0 };
}

function isSame(one: TemplateRecord["file"], other: TemplateRecord["file"]): boolean {
  return (["dev", "ino", "bytes", "mtimeMs", "ctimeMs"] as const).every((field) => one[field] === other[field]);
}

/** Template of a record. @param path where its state is. */
export function templateOf({ key, nonce, createdMs, file }: TemplateRecord, path: string): Template {
  return { key, path, nonce, createdMs, bytes: file.bytes };
}

/** Finished template, as its record tells it. */
export type Finished = Pick<TemplateRecord, "key" | "about" | "nonce" | "createdMs" | "sha256" | "file">;

/** Record of a template that no clone has failed of yet. */
export function newRecord(finished: Finished): TemplateRecord {
  return { format: FORMAT, ...finished, failures: 0 };
}

/** Record after one more clone has failed: after the third, the template is thrown away. */
export function blamed(record: TemplateRecord, why: string, nowMs: number): TemplateRecord {
  const failures = record.failures + 1;
  const thrownAway = { why: why.slice(0, WHY_LIMIT), atMs: nowMs };
  return { ...record, failures, ...(failures >= MOST_FAILURES && { thrownAway }) };
}

/** Why a template that was thrown away is not made again yet; undefined when it may be. A clock may be set back. */
export function heldBack({ thrownAway, failures }: TemplateRecord, nowMs: number): string | undefined {
  const ageMs = thrownAway && nowMs - thrownAway.atMs;
  if (ageMs === undefined || ageMs < 0 || ageMs >= HELD_BACK_MS) return undefined;
  return `${failures} clones of the template failed lately: ${thrownAway!.why}`;
}
