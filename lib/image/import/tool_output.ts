/**
 * What a tool says while it works. `sqfstar` ends well although it has left out what it did not understand, so its words
 * are all there is to know that by.
 *
 * @module
 */

import { BerthError } from "../../base/errors.ts";
import { plainWords } from "./words.ts";

/** Words of a tool, as far as they matter. */
export interface Said {
  /** The end of it, where errors are. */
  readonly tail: string;
  /** The first lines that are worth being told; a hostile archive may cause any number of them. */
  readonly notes: readonly string[];
  /** The first line that says that the result is not what the archive says. */
  readonly wrong?: string;
}

const KEPT_BYTES = 16 * 1024;
const NOTES = 10;

/** The member `./`, with which most tars begin. All of the line: names of members stand in other ones, and may lie. */
const HARMLESS = /^Empty tar filename after skipping leading \/, \.\/, or \.\.\/, ignoring$/;
/** What squashfs has no place for (ACLs), or what is about the tar only; `SCHILY.realsize` is about a file's content. */
const LEFT_OUT = /^Unrecognised (keyword "(?!SCHILY\.realsize")[^"]*" in pax header|tar xattr prefix .*), ignoring$/;

/** star's sparse files, of which GNU tar then takes what is no hole for all of the file. */
const TAR_WRONG = /^tar: Ignoring unknown extended header keyword .SCHILY\.realsize./;

/** Meaning of a line of a tool that ended well. Pure. */
export function judgeLine(tool: string, line: string): "harmless" | "note" | "wrong" {
  if (line.trim() === "" || HARMLESS.test(line)) return "harmless";
  if (tool === "tar" && TAR_WRONG.test(line)) return "wrong";
  return tool !== "sqfstar" || LEFT_OUT.test(line) ? "note" : "wrong";
}

/** Reads what a tool says, all along, so that it never stops at a full pipe. */
export async function listen(tool: string, stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Said> {
  const decoder = new TextDecoder();
  const notes: string[] = [];
  let [tail, line, wrong]: [string, string, string | undefined] = ["", "", undefined];
  const take = (whole: string) => {
    const kind = judgeLine(tool, whole);
    if (kind === "wrong") wrong ??= whole;
    if (kind === "note" && notes.length < NOTES) notes.push(whole);
  };
  for await (const chunk of stream) {
    const text = decoder.decode(chunk, { stream: true });
    tail = (tail + text).slice(-KEPT_BYTES);
    const lines = (line + text).split("\n");
    // A line that is longer than all that are known is none of them.
    line = lines.pop()!.slice(0, KEPT_BYTES);
    lines.forEach(take);
  }
  take(line);
  return { tail, notes, wrong };
}

/**
 * Refuses the result of a tool that ended well, where it is not what the archive says. @throws {BerthError}
 * `image.import`.
 */
export function expectRight(tool: string, { wrong }: Said, where: string): void {
  if (wrong === undefined) return;
  throw new Refusal("image.import", `${where}: ${tool} can't take it as it is: "${plainWords(wrong)}"`);
}

/** Error of a tool that does not take something. Another tool may. */
export class Refusal extends BerthError {
  override readonly name = "Refusal";
}

/** Error as a {@linkcode Refusal}, where it is about what the tool was given, and not about the host. */
export function asRefusal(error: BerthError): BerthError {
  return error.code === "image.import" ? new Refusal(error.code, error.message) : error;
}
