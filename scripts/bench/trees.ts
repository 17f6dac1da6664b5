/**
 * Trees of a given size, the same in every run: what goes into large workspaces. Scripts of sh, for a folder and a count.
 *
 * @module
 */

/** How much there is of a tree. */
export interface TreeSize {
  /** Small files, below folders of folders. */
  readonly files: number;
  /** Of one large file. */
  readonly mebibytes: number;
}

/** What the tests take: enough to see that nothing is lost, little enough to be quick. */
export const SMALL: TreeSize = { files: 5000, mebibytes: 64 };
/** What the benchmark takes. */
export const FULL: TreeSize = { files: 100_000, mebibytes: 2048 };

/** So many small files. */
export const MAKE_FILES = `cd "$1"
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

/** One file of so many MiB: zeros that are written and not left out, with noise at the beginning, middle and end. */
export const MAKE_LARGE = `cd "$1"
  dd if=/dev/zero of=large bs=1M count=$2 status=none
  for at in 0 $(($2 / 2)) $(($2 - 1)); do
    dd if=/dev/urandom of=large bs=1M count=1 seek=$at conv=notrunc status=none
  done`;

/** How many files are below a folder, and one sum each of their names with contents and of all names, modes, links. */
export const SUM_TREE = `cd "$1"; find . -type f | wc -l
  find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
  find . -mindepth 1 -printf '%y %m %l %p\\n' | LC_ALL=C sort | sha256sum`;
