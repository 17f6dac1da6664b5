// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createFolderDisk, folderDiskBytes } from "../../../lib/disk/folder_disk.ts";
import { programsMissing, testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";

const GIB = 1024 ** 3;

Deno.test("folderDiskBytes() leaves the room that it is to leave beside twice what is used", () => {
  assertEquals(folderDiskBytes({ usedBytes: 0, inodes: 0 }, 8 * GIB), 8 * GIB);
  assertEquals(folderDiskBytes({ usedBytes: 3 * GIB, inodes: 0 }, 8 * GIB), 14 * GIB);
});

Deno.test("folderDiskBytes() is whole MiB, never less than it should be", () => {
  for (const usedBytes of [1, 4095, 524_288, 524_289, 123_456_789]) {
    const size = folderDiskBytes({ usedBytes, inodes: 3 }, 8 * GIB);
    const least = 2 * usedBytes + 3 * 8192 + 8 * GIB;
    assertEquals(size % 1024 ** 2, 0);
    assert(size >= least && size < least + 1024 ** 2, `${usedBytes}: ${size}`);
  }
});

Deno.test("folderDiskBytes() has an inode of 8 KiB for each of many files that take no space, and a million more", () => {
  const inodes = 5_000_000;
  assert(folderDiskBytes({ usedBytes: 0, inodes }, 8 * GIB) / 8192 >= inodes + 1024 ** 2);
});

const noTools = await programsMissing("find", "mke2fs", "debugfs", "e2fsck");

/** Runs a script of sh, which must succeed, and returns its output. */
async function shell(script: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("sh", { args: ["-ec", script, "sh", ...args] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Everything that a copy must keep: type, mode, size, links, time and name. */
const LISTING = `cd "$1" && find . -mindepth 1 ! -name lost+found \\( -type d -printf '%y %m - - %T@ %p\\0' -o \\
  -type l -printf '%y %m %l %p\\0' -o -printf '%y %m %s %n %T@ %p\\0' \\) | sed -z 's/\\.[0-9]* / /' | sort -z | tr '\\0' '|'`;

const ODD_TREE = `cd "$1"; mkdir -p deep/er empty; chmod 700 empty
  echo text >plain; ln plain hard; chmod 640 plain; ln -s deep/er link; ln -s ../plain deep/up; ln -s nowhere dangling
  ln -s "$(printf 'l%.0s' $(seq 200))" long-link; touch -- "$(printf 'n%.0s' $(seq 200))" "$(printf 'new\\nline')" "a b" ä -rf
  : >zero; chmod 4755 zero; truncate -s 64M sparse; echo end >>sparse; mkfifo fifo
  for n in $(seq 300); do echo $n >deep/er/$n; done`;

testNeeding(noTools, "createFolderDisk() copies what is odd as it is", async () => {
  await using temporary = await temporaryFolder();
  const { path } = temporary;
  await Deno.mkdir(`${path}/tree`);
  await shell(ODD_TREE, `${path}/tree`);
  const notes: string[] = [];
  await createFolderDisk(`${path}/tree`, `${path}/disk`, {
    what: "the workspace",
    headroomBytes: GIB,
    onNote: (line) => notes.push(line),
  });
  await Deno.mkdir(`${path}/back`);
  // The file system's own word that all is in order, and then everything back out, by its own tool.
  await shell(`e2fsck -fn "$1/disk" >&2; cd "$1/back"; debugfs -R "rdump / ." "$1/disk" 2>/dev/null`, path);
  // debugfs copies neither FIFOs nor several names of a file nor set-user-ID bits nor links' times: for all but the last
  // the image itself is asked.
  const withoutLinks = (listing: string) =>
    listing.split("|").filter((line) => !line.startsWith("p ")).map((line) =>
      line.replace(/^f 4?(\d{3} \d+) \d+/, "f $1")
    ).toSorted();
  assertEquals(
    withoutLinks(await shell(LISTING, `${path}/back`)),
    withoutLinks(await shell(LISTING, `${path}/tree`)),
  );
  const stats = await shell(`for n in plain hard zero fifo; do debugfs -R "stat $n" "$1/disk" 2>/dev/null; done`, path);
  const [plain, hard] = [...stats.matchAll(/Inode: (\d+)/g)].map(([, inode]) => inode);
  assertEquals(plain, hard);
  assertEquals([...stats.matchAll(/Type: (\S+) +Mode: +(\d+)/g)].map(([, type, mode]) => `${type} ${mode}`), [
    ...["regular 0640", "regular 0640", "regular 04755", "FIFO 0644"],
  ]);
  assert((await Deno.stat(`${path}/disk`)).blocks! * 512 < 32 * 1024 ** 2, "the hole was written out");
});

testNeeding(noTools, "createFolderDisk() stops when it is told to", async () => {
  await using temporary = await temporaryFolder();
  const { path } = temporary;
  await Deno.mkdir(`${path}/tree`);
  await shell(`for n in $(seq 6); do dd if=/dev/urandom of="$1/tree/$n" bs=1M count=8 status=none; done`, path);
  const stop = new AbortController();
  const making = createFolderDisk(`${path}/tree`, `${path}/disk`, {
    ...{ what: "the workspace", headroomBytes: GIB, signal: stop.signal, onNote: () => {} },
  });
  while (!await Deno.stat(`${path}/disk`).catch(() => undefined)) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  stop.abort(new RangeError("enough"));
  await assertRejects(() => making, RangeError, "enough");
});
