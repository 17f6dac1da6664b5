/**
 * Disks that a guest can write. Files that are sparse: only what is written takes space on the host.
 *
 * @module
 */

import { BerthError } from "../base/errors.ts";
import { reportEvery } from "../base/progress.ts";
import { formatBytes } from "../base/units.ts";
import { runTool } from "../process/tool.ts";

/** ext4's superblock begins at byte 1024; its magic number is 56 bytes into it (kernel doc: ext4 globals). */
const MAGIC_OFFSET = 1024 + 56;
const MAGIC = 0xef53;

/** Whoever mounts it need not wait for its tables: they are zero in a new sparse file. Owned by root, all of it usable. */
const MAKE = ["-q", "-F", "-t", "ext4", "-m", "0", "-E", "lazy_itable_init=1,nodiscard,root_owner=0:0"];
/** Thrown away with its VM, or unmounted before it is kept: after a crash there is nothing to recover it for. */
const NO_JOURNAL = ["-O", "^has_journal"];
/**
 * An attribute may be larger than a block (ea_inode), and what mke2fs leaves out of an inode can be put in: it has no
 * checksum. The descriptors of groups have one (uninit_bg), so that their tables need not be zeroed.
 */
const FILLED = ["-b", "4096", "-I", "256", "-O", "^has_journal,^metadata_csum,uninit_bg,ea_inode,^inline_data,extent"];

/**
 * Makes an empty ext4 file system in a new file. @throws {BerthError} when it is too large for the host, or too small.
 */
export async function createDisk(path: string, sizeBytes: number, signal?: AbortSignal): Promise<void> {
  await createSparse(path, sizeBytes);
  await runTool({ command: "mke2fs", args: [...MAKE, ...NO_JOURNAL, path], tied: true, signal });
}

/** Command line that makes an ext4 file system of a folder, in a file that is there. Pure. */
export function planFilledDisk(path: string, folder: string, bytesPerInode: number): string[] {
  return ["mke2fs", ...MAKE, ...FILLED, "-i", String(bytesPerInode), "-d", folder, path];
}

/** Stop and progress listener of a copy. */
export interface DiskIo {
  readonly signal: AbortSignal;
  /** Told every 2 s how far it is. */
  readonly onProgress: (line: string) => void;
}

/** Copies a disk: at once where the file system shares blocks (reflink), else what is not empty of it. */
export async function copyDisk(from: string, path: string, { signal, onProgress }: DiskIo): Promise<void> {
  const totalBytes = (await usedBytes(from)) ?? 0;
  using _progress = reportEvery(async () => {
    const copied = await usedBytes(path);
    return copied === undefined ? undefined : `copying a disk: ${formatBytes(copied)} of ${formatBytes(totalBytes)}`;
  }, onProgress);
  await runTool({
    command: "cp",
    args: ["--reflink=auto", "--sparse=always", "--no-preserve=mode,ownership", "--", from, path],
    tied: true,
    signal,
  });
  // QEMU in its jail is the only one who needs it.
  await Deno.chmod(path, 0o600);
}

/** Makes a file of holes. @throws {BerthError} when it is too large for the host. */
export async function createSparse(path: string, sizeBytes: number): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  try {
    await file.truncate(sizeBytes);
  } catch (cause) {
    throw new BerthError("usage.value", `the host has no room for a file of ${formatBytes(sizeBytes)}`, { cause });
  }
}

/** What a file takes of its disk; undefined when it is not there. */
async function usedBytes(path: string): Promise<number | undefined> {
  const info = await Deno.stat(path).catch(() => undefined);
  return info && (info.blocks ?? 0) * 512;
}

/** True for a file that holds an ext2, ext3 or ext4 file system. */
export async function isExt4(path: string): Promise<boolean> {
  using file = await Deno.open(path);
  await file.seek(MAGIC_OFFSET, Deno.SeekMode.Start);
  const bytes = new Uint8Array(2);
  return await file.read(bytes) === 2 && new DataView(bytes.buffer).getUint16(0, true) === MAGIC;
}
