/**
 * Copies a folder into a disk that a guest can write: nothing is mounted, the folder is only read.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { runTool } from "../process/tool.ts";

/** What the job can add to its workspace. The file is sparse: only what is written takes space on the host. */
const HEADROOM_BYTES = 8 * 1024 ** 3;
const BYTES_PER_INODE = 8192;

/** The size of the disk for a folder that takes `usedBytes`. Pure. */
export function workspaceBytes(usedBytes: number): number {
  // Every file takes a block of 4 KiB at least, so twice the space has an inode of 8 KiB for each.
  return Math.ceil((2 * usedBytes + HEADROOM_BYTES) / 1024 ** 2) * 1024 ** 2;
}

/** Writes an ext4 image with the folder's content: links, modes, owners, times and empty folders as they are. */
export async function createWorkspaceDisk(folder: string, image: string, signal: AbortSignal): Promise<void> {
  const used = await runTool({ command: "du", args: ["-s", "--block-size=1", folder], signal });
  const size = workspaceBytes(Number(used.split("\t")[0]));
  const file = await Deno.open(image, { write: true, createNew: true, mode: 0o600 });
  using _closed = file;
  await file.truncate(size);
  try {
    await runTool({
      command: "mke2fs",
      // No journal: the disk is thrown away with the VM, and after a crash there is nothing to recover it for.
      args: [
        ...["-q", "-F", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-i", String(BYTES_PER_INODE)],
        ...["-E", "lazy_itable_init=1,nodiscard,root_owner=0:0", "-d", folder, image],
      ],
      signal,
    });
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== "process.failed") throw error;
    throw new BerthError("job.workspace", `--workspace: it can't be copied: ${error.message}`, { cause: error });
  }
}
