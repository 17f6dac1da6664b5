// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals } from "@std/assert";
import { type CpioEntry, readCpioFiles, writeCpio } from "../../../lib/image/cpio.ts";
import { programsMissing, testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";
import { listTree } from "../../support/tree.ts";

const ENTRIES: readonly CpioEntry[] = [
  { type: "directory", path: "a", mode: 0o755 },
  { type: "directory", path: "a/b", mode: 0o750 },
  { type: "file", path: "a/empty", mode: 0o600, data: new Uint8Array() },
  ...[1, 2, 3, 4, 5].map((length): CpioEntry => ({
    type: "file",
    path: `a/${"n".repeat(length)}`,
    mode: 0o644,
    data: new TextEncoder().encode("x".repeat(length)),
  })),
  { type: "file", path: "a/tool", mode: 0o755, data: new TextEncoder().encode("#!/bin/sh\n") },
  { type: "symlink", path: "a/b/link", target: "../tool" },
];

const FIELDS = [
  ...["inode", "mode", "uid", "gid", "links", "mtime", "size", "devmajor", "devminor", "rdevmajor", "rdevminor"],
  ...["namesize", "check"],
];

/** Reads an archive by the kernel's description of the form. */
function readCpio(archive: Uint8Array): { name: string; fields: Record<string, number>; data: string }[] {
  const text = (start: number, length: number) => new TextDecoder().decode(archive.subarray(start, start + length));
  const aligned = (offset: number) => Math.ceil(offset / 4) * 4;
  const members = [];
  for (let offset = 0; offset < archive.length;) {
    assertEquals(text(offset, 6), "070701");
    const values = FIELDS.map((_, index) => parseInt(text(offset + 6 + index * 8, 8), 16));
    const fields = Object.fromEntries(FIELDS.map((field, index) => [field, values[index]]));
    const nameEnd = offset + 110 + fields.namesize;
    assertEquals(archive[nameEnd - 1], 0);
    const start = aligned(nameEnd);
    members.push({ name: text(offset + 110, fields.namesize - 1), fields, data: text(start, fields.size) });
    offset = aligned(start + fields.size);
  }
  return members;
}

Deno.test("writeCpio() writes what the kernel's description of the form reads", () => {
  const members = readCpio(writeCpio(ENTRIES));
  assertEquals(members.map(({ name }) => name), [...ENTRIES.map(({ path }) => path), "TRAILER!!!"]);
  const byName = new Map(members.map((member) => [member.name, member]));
  assertEquals(byName.get("a")?.fields.mode, 0o40755);
  assertEquals(byName.get("a/empty")?.fields.mode, 0o100600);
  assertEquals(byName.get("a/tool")?.data, "#!/bin/sh\n");
  assertEquals([byName.get("a/b/link")?.fields.mode, byName.get("a/b/link")?.data], [0o120777, "../tool"]);
});

Deno.test("writeCpio() lets nothing of the building host in", () => {
  for (const { name, fields } of readCpio(writeCpio(ENTRIES))) {
    const { uid, gid, mtime, devmajor, devminor, rdevmajor, rdevminor, check } = fields;
    assertEquals([uid, gid, mtime, devmajor, devminor, rdevmajor, rdevminor, check], [0, 0, 0, 0, 0, 0, 0, 0], name);
  }
  const inodes = readCpio(writeCpio(ENTRIES)).map(({ fields }) => fields.inode);
  assertEquals(new Set(inodes).size, inodes.length, "two members of one inode are hard links");
});

Deno.test("writeCpio() gives the same bytes for the same entries, and others for others", () => {
  assertEquals(writeCpio(ENTRIES), writeCpio(structuredClone(ENTRIES)));
  assert(!writeCpio(ENTRIES).every((byte, index) => byte === writeCpio(ENTRIES.toReversed())[index]));
});

Deno.test("writeCpio() of nothing is a trailer", () => {
  assertEquals(readCpio(writeCpio([])).map(({ name }) => name), ["TRAILER!!!"]);
});

testNeeding(await programsMissing("busybox"), "writeCpio() is listed and unpacked by busybox", async () => {
  await using folder = await temporaryFolder();
  const archive = `${folder.path}/archive`;
  await Deno.writeFile(archive, writeCpio(ENTRIES));
  await Deno.mkdir(`${folder.path}/out`);
  const busybox = async (...flags: string[]) => {
    const options = { args: ["cpio", ...flags, "-F", archive], cwd: `${folder.path}/out` };
    const { success, stdout, stderr } = await new Deno.Command("busybox", options).output();
    assert(success, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  };
  assertEquals(await busybox("-t"), ENTRIES.map(({ path }) => `${path}\n`).join(""));
  await busybox("-i", "-d");
  assertEquals(await listTree(`${folder.path}/out`), {
    ...{ "a": "folder 755", "a/b": "folder 750", "a/empty": "file 600: ", "a/tool": "file 755: #!/bin/sh\n" },
    ...{ "a/n": "file 644: x", "a/nn": "file 644: xx", "a/nnn": "file 644: xxx", "a/nnnn": "file 644: xxxx" },
    ...{ "a/nnnnn": "file 644: xxxxx", "a/b/link": "link to ../tool" },
  });
});

Deno.test("readCpioFiles() gives back the files that writeCpio() was given", () => {
  const files = readCpioFiles(writeCpio(ENTRIES))!;
  const given = ENTRIES.flatMap((entry) => entry.type === "file" ? [[entry.path, entry.data] as const] : []);
  assertEquals(given.length > 0, true);
  assertEquals(files, new Map<string, Uint8Array>(given));
});

Deno.test("readCpioFiles() takes nothing that is cut off, or something else", () => {
  const archive = writeCpio(ENTRIES);
  for (const length of [0, 5, 120, archive.length - 124]) {
    assertEquals(readCpioFiles(archive.subarray(0, length)), undefined, `${length} bytes`);
  }
  assertEquals(readCpioFiles(new Uint8Array(1000).fill(0x30)), undefined);
});
