/**
 * Trees of a given size, for jobs whose workspace and artifacts are large; the same in every run.
 *
 * @module
 */

import { shell } from "./berth.ts";

/** How much there is of a tree. */
export interface TreeSize {
  readonly files: number;
  /** Of one file beside those. */
  readonly mebibytes: number;
}

/** What the tests take: enough to see that nothing is lost, little enough to be quick. */
export const SMALL: TreeSize = { files: 5000, mebibytes: 64 };
/** What the benchmark takes. */
export const FULL: TreeSize = { files: 100_000, mebibytes: 2048 };

/** 50 folders of folders with small files. */
const FILES = `cd "$1"
  awk -v count=$2 'BEGIN {
    for (i = 0; i < count; i++) print sprintf("d%02d/e%02d/f%02d", i % 50, int(i / 50) % 20, int(i / 1000) % 10)
  }' | sort -u | xargs mkdir -p
  awk -v count=$2 'BEGIN {
    for (i = 0; i < count; i++) {
      name = sprintf("d%02d/e%02d/f%02d/file-%d", i % 50, int(i / 50) % 20, int(i / 1000) % 10, i)
      print "file " i " of the tree" >name
      close(name)
    }
  }'`;

/** Zeros that are written and not left out, with noise at the beginning, in the middle and at the end. */
const LARGE = `cd "$1"
  dd if=/dev/zero of=large bs=1M count=$2 status=none
  for at in 0 $(($2 / 2)) $(($2 - 1)); do
    dd if=/dev/urandom of=large bs=1M count=1 seek=$at conv=notrunc status=none
  done`;

/** Fills an empty folder with files. */
export async function makeFiles(folder: string, count: number): Promise<void> {
  await shell(FILES, folder, String(count));
}

/** Puts one large file into a folder. */
export async function makeLarge(folder: string, mebibytes: number): Promise<void> {
  await shell(LARGE, folder, String(mebibytes));
}

/** How many files are below a folder, and one sum of all their names, modes and contents. */
export async function sumTree(folder: string): Promise<string> {
  return await shell(
    `cd "$1"; find . -type f | wc -l
    find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
    find . -mindepth 1 -printf '%y %m %l %p\\n' | LC_ALL=C sort | sha256sum`,
    folder,
  );
}
