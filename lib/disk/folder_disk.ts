/**
 * Copies a folder into a disk that a guest can write: nothing is mounted, the folder is only read, by tools in a jail.
 *
 * The folder lives: what goes away while it is read is left out, and named. So is what can't be read, and what can't be
 * kept in a copy.
 *
 * @module
 */

import { printable } from "../base/bytes_text.ts";
import { BerthError } from "../base/errors.ts";
import { LeftOut } from "../base/left_out.ts";
import { reportEvery } from "../base/progress.ts";
import { formatBytes } from "../base/units.ts";
import { runJailedTool } from "../process/jailed_tool.ts";
import { giveTo, type ToolJail } from "../process/tool_jail.ts";
import { createSparse, planFilledDisk } from "./disk.ts";
import { readFacts, writeFacts } from "./folder_facts.ts";
import { restoreInodes } from "./folder_inodes.ts";
import { takeSnapshot } from "./folder_snapshot.ts";

/** More is no use to anybody, and the tables of so large a file system begin to cost something. */
const MOST_HEADROOM_BYTES = 1024 ** 4;
const BYTES_PER_INODE = 8192;
/** What mke2fs makes in each file system, and nobody has asked for. */
const LOST_AND_FOUND = "lost+found";

/** Sizes of a folder's content. */
export interface FolderUse {
  readonly usedBytes: number;
  /** Files, folders and links; several names of one file count once. */
  readonly inodes: number;
}

/** Options of a disk that is made of a folder. */
export interface FolderDiskOptions {
  /** What the folder is to the user, as in "the workspace". */
  readonly what: string;
  /** What the job can add to its copy. The file is sparse: only what is written takes space on the host. */
  readonly headroomBytes: number;
  /** Absent: the tools get none. */
  readonly jail?: ToolJail;
  /** Ends the copy; what is there of the image by then is the caller's to remove. */
  readonly signal?: AbortSignal;
  /** Told every 2 s how far the copy is. */
  readonly onProgress?: (line: string) => void;
  /** Told of what is not in the copy. */
  readonly onNote: (line: string) => void;
}

/** Size of the disk for a folder, bytes. Pure. */
export function folderDiskBytes({ usedBytes, inodes }: FolderUse, headroomBytes: number): number {
  // An inode for each that is there, though it may take no space at all (empty files do, and small ones on some file
  // systems), and room for the block that it may take here.
  const bytes = 2 * usedBytes + inodes * BYTES_PER_INODE + Math.min(headroomBytes, MOST_HEADROOM_BYTES);
  return Math.ceil(bytes / 1024 ** 2) * 1024 ** 2;
}

/** What was seen of a folder before it is copied. */
interface Seen extends FolderUse {
  readonly hasUnreadable: boolean;
  readonly hasLostAndFound: boolean;
}

/**
 * Writes an ext4 image with the folder's content, and the folder's own owner and mode: links, modes, owners, times to the
 * nanosecond, attributes and empty folders as they are.
 */
export async function createFolderDisk(folder: string, image: string, options: FolderDiskOptions): Promise<void> {
  const { what, onProgress } = options;
  let usedBytes: number | undefined;
  const readProgress = async () => {
    if (usedBytes === undefined) return `${what}: looking how large it is`;
    // 512 whatever the file system: stat(2).
    const { blocks } = await Deno.stat(image);
    return `${what}: ${formatBytes((blocks ?? 0) * 512)} of about ${formatBytes(usedBytes)} are copied`;
  };
  using _report = reportEvery(readProgress, (line) => onProgress?.(line));
  const facts = `${image}.facts`;
  const leftOut = new LeftOut((line) => options.onNote(`${what}: left out ${line}`));
  try {
    await writeFacts(folder, { ...options, facts });
    const seen = await look(facts);
    usedBytes = seen.usedBytes;
    await fill({ folder, image, seen, leftOut, ...options });
    await restoreInodes(image, readFacts(facts), leftOut);
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== "process.failed") throw error;
    throw new BerthError("job.workspace", `${what}: it can't be copied: ${error.message}`, { cause: error });
  }
  leftOut.finish();
  await Deno.remove(facts);
}

async function look(facts: string): Promise<Seen> {
  const linked = new Set<string>();
  const seen = { usedBytes: 0, inodes: 0, hasUnreadable: false, hasLostAndFound: false };
  for await (const { type, id, names, usedBytes, isReadable, path } of readFacts(facts)) {
    seen.hasUnreadable ||= !isReadable;
    seen.hasLostAndFound ||= path === LOST_AND_FOUND;
    if (type !== "d" && names > 1) {
      if (linked.has(id)) continue;
      linked.add(id);
    }
    seen.usedBytes += usedBytes;
    seen.inodes++;
  }
  if (seen.inodes === 0) throw new BerthError("process.failed", "find: it can't be looked at");
  return seen;
}

interface Filling extends FolderDiskOptions {
  readonly folder: string;
  readonly image: string;
  readonly seen: Seen;
  readonly leftOut: LeftOut;
}

/**
 * Where mke2fs takes it from, one after the other: it takes all, or nothing. A folder in which something went away while it
 * was read is read once more; a copy has what could be had.
 */
const WAYS = ["folder", "folder", "copy", "copy without attributes"] as const;

/** Fills the image in the first way that works. */
async function fill(filling: Filling): Promise<void> {
  const last = WAYS.length - 1;
  for (let way = filling.seen.hasUnreadable ? WAYS.indexOf("copy") : 0;;) {
    const problem = await tryWay(WAYS[way], filling);
    if (!problem) return;
    if (way === last) throw problem;
    // It has no room for many small attributes of one file, which XFS and tmpfs have.
    const crowded = /while setting xattrs for "(.*)"/.exec(problem.message)?.[1];
    if (crowded !== undefined) {
      filling.leftOut.add(`all attributes: ${printable(crowded)} has more of them than ext4 has room for`);
    }
    way = crowded === undefined ? way + 1 : last;
  }
}

async function tryWay(way: typeof WAYS[number], filling: Filling): Promise<BerthError | undefined> {
  if (way === "folder") return await tryFill(filling, filling.folder);
  const { folder, image, leftOut, jail, signal } = filling;
  const options = { jail, signal, attributes: way === "copy" };
  await using copy = await takeSnapshot(folder, `${image}.copy`, options);
  if (copy.lacksAttributes) leftOut.add("some attributes: the state folder's file system has no room for them");
  return await tryFill(filling, copy.path);
}

/** Fills the image; returns why it could not be done, where another way may do. */
async function tryFill(
  { image, seen, headroomBytes, jail, signal }: Filling,
  from: string,
): Promise<BerthError | undefined> {
  await Deno.remove(image).catch(() => {});
  await createSparse(image, folderDiskBytes(seen, headroomBytes));
  await giveTo(image, jail);
  const view = { readOnly: [from], writable: [image], capabilities: ["CAP_DAC_READ_SEARCH"] };
  try {
    await runJailedTool({ argv: planFilledDisk(image, from, BYTES_PER_INODE), view, jail, signal });
    if (seen.hasLostAndFound) return;
    await runJailedTool({ argv: ["debugfs", "-w", "-R", `rmdir ${LOST_AND_FOUND}`, image], view, jail, signal });
  } catch (error) {
    if (error instanceof BerthError && error.code === "process.failed") return error;
    throw error;
  }
}
