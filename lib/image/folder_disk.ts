/**
 * Copies a folder into a disk that a guest can write: nothing is mounted, the folder is only read.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { reportEvery } from "../base/progress.ts";
import { formatBytes } from "../base/units.ts";
import { runTool } from "../process/tool.ts";
import { createDisk } from "./disk.ts";

/** More is no use to anybody, and the tables of so large a file system begin to cost something. */
const MOST_HEADROOM_BYTES = 1024 ** 4;
const BYTES_PER_INODE = 8192;

/** What a folder takes. */
export interface FolderUse {
  readonly usedBytes: number;
  /** Files, folders and links; several names of one file count once. */
  readonly inodes: number;
}

/** How a disk is made. */
export interface FolderDiskOptions {
  /** What the folder is to the user, as in `--workspace`. */
  readonly what: string;
  /** What the job can add to its copy. The file is sparse: only what is written takes space on the host. */
  readonly headroomBytes: number;
  /** Ends the copy; what is there of the image by then is the caller's to remove. */
  readonly signal?: AbortSignal;
  /** Told every 2 s how far the copy is. */
  readonly onProgress?: (line: string) => void;
}

/** The size of the disk for a folder. Pure. */
export function folderDiskBytes({ usedBytes, inodes }: FolderUse, headroomBytes: number): number {
  // An inode for each that is there, though it may take no space at all (empty files do, and small ones on some file
  // systems), and room for the block that it may take here.
  const bytes = 2 * usedBytes + inodes * BYTES_PER_INODE + Math.min(headroomBytes, MOST_HEADROOM_BYTES);
  return Math.ceil(bytes / 1024 ** 2) * 1024 ** 2;
}

/** Writes an ext4 image with the folder's content: links, modes, owners, times and empty folders as they are. */
export async function createFolderDisk(folder: string, image: string, options: FolderDiskOptions): Promise<void> {
  const { what, headroomBytes, signal, onProgress } = options;
  let usedBytes = 0;
  const readProgress = async () => {
    if (!usedBytes) return `${what}: looking how large it is`;
    // 512 whatever the file system: stat(2).
    const { blocks } = await Deno.stat(image);
    return `${what}: ${formatBytes((blocks ?? 0) * 512)} of about ${formatBytes(usedBytes)} are copied`;
  };
  using _report = reportEvery(readProgress, (line) => onProgress?.(line));
  const use = await readUse(folder, signal);
  usedBytes = use.usedBytes;
  const more = ["-i", String(BYTES_PER_INODE), "-d", folder];
  try {
    await createDisk(image, folderDiskBytes(use, headroomBytes), signal, more);
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== "process.failed") throw error;
    throw new BerthError("job.workspace", `${what}: it can't be copied: ${error.message}`, { cause: error });
  }
}

async function readUse(folder: string, signal?: AbortSignal): Promise<FolderUse> {
  const count = async (...args: string[]) => {
    const said = await runTool({ command: "du", args: ["-s", ...args, folder], tied: true, signal });
    return Number(said.split("\t")[0]);
  };
  return { usedBytes: await count("--block-size=1"), inodes: await count("--inodes") };
}
