/**
 * What is in a folder, by one look: find writes a record for each file, which is read as often as it is needed.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { bytesToText } from "../base/bytes_text.ts";
import { tryJailedTool } from "../process/jailed_tool.ts";
import { giveTo, type ToolJail } from "../process/tool_jail.ts";
import type { Ownership, Times, Timestamp } from "./ext4_inodes.ts";

/** Facts of a file, a folder, a link or something else below a folder, or of the folder itself. */
export interface FileFact extends Ownership, Times {
  /** As find's %y has it: f, d, l, s for a socket… */
  readonly type: string;
  /** Whether who reads it may. */
  readonly isReadable: boolean;
  /** Several names of one file have the same. */
  readonly id: string;
  readonly names: number;
  readonly usedBytes: number;
  /** Below the folder, with a character for each byte; empty for the folder itself. */
  readonly path: string;
}

/** Whoever copies opens files and enters folders only. A record has a fixed number of fields, and the name at its end. */
const LOOK = ["(", "-type", "f", "-readable", "-o", "-type", "d", "-readable", "-executable", "-o", "!", "-type", "f"]
  .concat(
    ["!", "-type", "d", ")"],
  );
const RECORD = "%y %D:%i %n %b %U %G %m %A@ %T@ %C@ %P\\0";
const FIELDS = 11;

/** Options of a look at a folder. */
export interface LookOptions {
  /** The file that the records are written into. */
  readonly facts: string;
  readonly jail?: ToolJail;
  readonly signal?: AbortSignal;
}

/** Writes the records of a folder's files into a file. What goes away meanwhile is no error. */
export async function writeFacts(folder: string, { facts, jail, signal }: LookOptions): Promise<void> {
  (await Deno.open(facts, { write: true, createNew: true, mode: 0o600 })).close();
  await giveTo(facts, jail);
  const record = (mark: string) => ["-fprintf", facts, `${mark} ${RECORD}`];
  const { code, stderr } = await tryJailedTool({
    // access(2), by which find looks, knows nothing of the capability, with which all can be read.
    argv: [
      "find",
      folder,
      ...(jail?.user === undefined ? [...LOOK, ...record("r"), "-o", ...record("u")] : record("r")),
    ],
    view: { readOnly: [folder], writable: [facts], capabilities: ["CAP_DAC_READ_SEARCH"] },
    ...{ jail, signal },
  });
  // 1 is for what it could not look at, too.
  if (code > 1) throw new BerthError("process.failed", `find ended with status ${code}: ${stderr.trim()}`);
  if (stderr.includes("No space left on device")) {
    throw new BerthError("host.disk-full", "find: no space left on the disk");
  }
}

/** Reads the records, folders before what is in them. */
export async function* readFacts(path: string): AsyncGenerator<FileFact> {
  using file = await Deno.open(path);
  let rest = new Uint8Array();
  const buffer = new Uint8Array(256 * 1024);
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    const bytes = new Uint8Array(rest.length + count);
    bytes.set(rest);
    bytes.set(buffer.subarray(0, count), rest.length);
    let start = 0;
    for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
      yield parseFact(bytesToText(bytes.subarray(start, end)));
      start = end + 1;
    }
    rest = bytes.slice(start);
  }
}

/** Parses one record. */
export function parseFact(text: string): FileFact {
  const fields: string[] = [];
  let start = 0;
  for (; fields.length < FIELDS; start = text.indexOf(" ", start) + 1) {
    fields.push(text.slice(start, text.indexOf(" ", start)));
  }
  const [mark, type, id, names, blocks, uid, gid, mode, accessed, modified, changed] = fields;
  return {
    ...{ type, id, isReadable: mark === "r", names: Number(names), usedBytes: 512 * Number(blocks) },
    ...{ uid: Number(uid), gid: Number(gid), mode: parseInt(mode, 8) },
    ...{ accessed: parseTime(accessed), modified: parseTime(modified), changed: parseTime(changed) },
    path: text.slice(start),
  };
}

/** `1700000000.1234567890`: find has one digit more than there are. */
function parseTime(text: string): Timestamp {
  const [seconds, digits = ""] = text.split(".");
  return { seconds: Number(seconds), nanos: Number(digits.padEnd(9, "0").slice(0, 9)) };
}
