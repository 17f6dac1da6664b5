/**
 * Small files that somebody else may have made: what they are is looked at before anything of them is read.
 *
 * @module
 */

import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { BerthError, type ErrorCode } from "../base/errors.ts";
import { formatBytes } from "../base/units.ts";

/** File to read, and what is expected of it. */
export interface SmallFile {
  /** The folder that it has to be in, whatever links there are on the way. */
  readonly folder: string;
  readonly path: string;
  /** How it is called in messages. */
  readonly where: string;
  readonly limitBytes: number;
  /** Of what is thrown. */
  readonly code: ErrorCode;
}

/**
 * Reads a file's text; undefined when there is none.
 *
 * @throws {BerthError} with `code` when it is no file, is too large, or is not in the folder.
 */
export async function readSmallFile(file: SmallFile): Promise<string | undefined> {
  const bytes = await readSmallBytes(file);
  return bytes && new TextDecoder().decode(bytes);
}

/** Reads a file's bytes, as {@linkcode readSmallFile} does its text. */
export async function readSmallBytes(
  { folder, path, where, limitBytes, code }: SmallFile,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const real = await realPathInside(folder, path);
  if (real === undefined) return undefined;
  if (real === "outside") throw new BerthError(code, `${where}: it is a link that leads out of its folder`);
  // A pipe in its place would keep whoever opens it waiting, and has no end.
  const file = await open(real, constants.O_RDONLY | constants.O_NONBLOCK).catch((error) =>
    explain(error, code, where)
  );
  if (!file) return undefined;
  try {
    const info = await file.stat();
    if (!info.isFile()) throw new BerthError(code, `${where}: this is no file`);
    if (info.size > limitBytes) {
      throw new BerthError(code, `${where}: it is larger than ${formatBytes(limitBytes)}`);
    }
    const bytes = new Uint8Array(info.size);
    let filled = 0;
    for (let count = -1; count !== 0 && filled < bytes.length; filled += count) {
      count = (await file.read(bytes, filled, bytes.length - filled, filled)).bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await file.close();
  }
}

/** Path without any link in it, `outside` when it leads out of the folder; undefined when there is no such file. */
export async function realPathInside(folder: string, path: string): Promise<string | "outside" | undefined> {
  const root = await realPathIfThere(folder);
  const real = root === undefined ? undefined : await realPathIfThere(path);
  return real === undefined || real.startsWith(`${root}/`) ? real : "outside";
}

async function realPathIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** True for an error that says that there is no such file: a part of the path may be one, or a link to itself. */
export function isMissing(error: unknown): boolean {
  const { NotFound, NotADirectory, FilesystemLoop } = Deno.errors;
  return [NotFound, NotADirectory, FilesystemLoop].some((kind) => error instanceof kind);
}

/** Translates what Node's functions throw, which is of no class of its own; somebody may have removed the file meanwhile. */
function explain(error: unknown, code: ErrorCode, where: string): undefined {
  const reason = error instanceof Error && "code" in error ? error.code : undefined;
  if (reason === "EACCES") throw new BerthError(code, `${where}: it can't be read by this user`, { cause: error });
  if (reason !== "ENOENT") throw error;
}
