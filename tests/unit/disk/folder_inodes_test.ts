// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertStringIncludes } from "@std/assert";
import { LeftOut } from "../../../lib/base/left_out.ts";
import { createFolderDisk } from "../../../lib/disk/folder_disk.ts";
import { parseFact } from "../../../lib/disk/folder_facts.ts";
import { type ToolJail, writeFilters } from "../../../lib/process/tool_jail.ts";
import { restoreInodes } from "../../../lib/disk/folder_inodes.ts";
import { jailMissing, programsMissing, rootMissing, testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";

const noTools = await programsMissing("find", "mke2fs", "debugfs", "e2fsck", "perl");
const noJail = noTools ?? await jailMissing();
const noRoot = await rootMissing();

async function shell(script: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("sh", { args: ["-ec", script, "sh", ...args] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Root's tools are a user of their own. */
async function toolJail(folder: string): Promise<ToolJail> {
  return { filters: await writeFilters(folder), ...(noRoot ? {} : { user: 1_900_000_000 }) };
}

/** Copies a folder with the jail, and returns what was said. */
async function copy(folder: string, image: string, jailed = true): Promise<string[]> {
  const notes: string[] = [];
  const jail = jailed ? await toolJail(image.slice(0, image.lastIndexOf("/"))) : undefined;
  await createFolderDisk(folder, image, {
    what: "the workspace",
    headroomBytes: 1024 ** 3,
    jail,
    onNote: (line) => notes.push(line),
  });
  await shell('e2fsck -fn "$1" >&2', image);
  return notes;
}

/** What debugfs says of a file: owner, mode and times, as hexadecimal seconds and nanoseconds × 4 + the epoch. */
async function stat(image: string, path: string): Promise<Record<string, string>> {
  const text = await shell('debugfs -R "stat $2" "$1" 2>/dev/null', image, path);
  const times = [...text.matchAll(/(ctime|atime|mtime): (0x\w+:\w+)/g)].map(([, name, value]) => [name, value]);
  const [, mode] = /Mode: +(\d+)/.exec(text)!;
  const [, uid, gid] = /User: +(\d+) +Group: +(\d+)/.exec(text)!;
  return { ...Object.fromEntries(times), mode, owner: `${uid}:${gid}` };
}

/** FILE NAME COUNT TEXT: an attribute of that text, so often that it is COUNT bytes. x86-64's number of setxattr(2). */
const SET_ATTRIBUTE = `perl -e '($f, $n, $c, $t) = @ARGV; $v = substr($t x $c, 0, $c);
  syscall(188, $f, $n, $v, $c + 0, 0) and die "setxattr: $!\n"' --`;

/** As debugfs writes a time. */
function hexTime(seconds: number, nanos: number): string {
  const hex = (value: number) => (value >>> 0).toString(16).padStart(8, "0");
  return `0x${hex(seconds)}:${hex(nanos * 4 + Math.floor((seconds + 2 ** 31) / 2 ** 32))}`;
}

testNeeding(
  noJail ?? noRoot,
  "createFolderDisk() keeps the folder's own owner, mode, times and attributes",
  async () => {
    await using temporary = await temporaryFolder();
    const { path } = temporary;
    const script = `cd "$1"; mkdir tree; echo x >tree/file; chown 70001:90002 tree; chmod 2770 tree
    ${SET_ATTRIBUTE} tree user.what 3 top; touch -d @1700000000.123456789 tree`;
    await shell(script, path);
    assertEquals(await copy(`${path}/tree`, `${path}/disk`), []);
    const { mode, owner, mtime } = await stat(`${path}/disk`, "/");
    assertEquals([mode, owner, mtime], ["02770", "70001:90002", hexTime(1_700_000_000, 123_456_789)]);
    assertStringIncludes(await shell('debugfs -R "ea_list /" "$1/disk" 2>/dev/null', path), 'user.what (3) = "top"');
    assertEquals(await shell('debugfs -R "ls -p /" "$1/disk" 2>/dev/null | grep -c lost || true', path), "0\n");
  },
);

const TIMES: [name: string, seconds: number, nanos: number][] = [
  ["plain", 1_700_000_000, 1],
  ["late", 4_102_444_800, 999_999_999],
  ["early", -86_401, 250_000_000],
  ["deep/er/in", 1_600_000_000, 600_000_000],
  ["deep", 1_500_000_000, 500_000_000],
  ["link", 1_400_000_000, 400_000_000],
  ["many/f1999", 1_300_000_000, 300_000_000],
  ["hard", 1_200_000_000, 200_000_000],
  ["q'uo \"te", 1_100_000_000, 100_000_000],
];

for (const jailed of [true, false]) {
  const what = `createFolderDisk() keeps times to the nanosecond and beyond 2038, ${jailed ? "" : "not "}jailed`;
  testNeeding(jailed ? noJail : noTools, what, async () => {
    await using temporary = await temporaryFolder();
    const { path } = temporary;
    const script =
      `mkdir "$1/tree"; cd "$1/tree"; mkdir -p deep/er many; ln -s nowhere link; echo x >other; ln other hard
      for n in $(seq 2000); do : >many/f$n; done; : >"$(printf 'caf\\351')"; : >"$(printf 'new\\nline')"; : >plain; : >late; : >early; : >deep/er/in; : >"$2"`;
    await shell(script, path, TIMES.at(-1)![0]);
    // Folders last: what is made in them changes their time.
    for (const [name, seconds, nanos] of TIMES.toSorted(([a], [b]) => b.length - a.length)) {
      // -1.5 is half a second after -2.
      const time = seconds < 0 && nanos
        ? `${seconds + 1}.${1_000_000_000 - nanos}`
        : `${seconds}.${String(nanos).padStart(9, "0")}`;
      await shell('touch -h -d "@$2" -- "$1"', `${path}/tree/${name}`, time);
    }
    assertEquals(await copy(`${path}/tree`, `${path}/disk`, jailed), []);
    for (const [name, seconds, nanos] of TIMES) {
      const quoted = `"/${name.replaceAll('"', '""')}"`;
      const { atime, mtime } = await stat(`${path}/disk`, quoted);
      assertEquals(mtime, hexTime(seconds, nanos), name);
      // Whatever reads a folder or a link may change when it was read last.
      if (!["deep", "link"].includes(name)) assertEquals(atime, hexTime(seconds, nanos), name);
    }
    // The one with two names.
    assertEquals((await stat(`${path}/disk`, "/other")).mtime, hexTime(1_200_000_000, 200_000_000));
  });
}

testNeeding(
  noJail,
  "createFolderDisk() keeps attributes of any size, and says which file has too many small ones",
  async () => {
    await using temporary = await temporaryFolder();
    const { path } = temporary;
    const shared = await shell("mktemp -d -p /dev/shm");
    const tree = shared.trim();
    try {
      await shell(`cd "$1"; : >large; ${SET_ATTRIBUTE} large user.large 60000 x`, tree);
      const notes: string[] = [];
      const options = {
        what: "the workspace",
        headroomBytes: 1024 ** 3,
        jail: await toolJail(path),
        onNote: (line: string) => void notes.push(line),
      };
      await createFolderDisk(tree, `${path}/disk`, options);
      const attributes = await shell('debugfs -R "ea_list /large" "$1/disk" 2>/dev/null', path);
      assertStringIncludes(attributes, "user.large (60000)");
      await shell(`cd "$1"; : >many; for n in $(seq 200); do ${SET_ATTRIBUTE} many user.$n 40 v; done`, tree);
      await createFolderDisk(tree, `${path}/second`, options);
      const words = "the workspace: left out all attributes: many has more of them than ext4 has room for";
      assertEquals(notes, [words]);
      assertEquals((await stat(`${path}/second`, "/many")).mode, "0644");
      assertEquals(
        await Array.fromAsync(Deno.readDir(path), ({ name }) => name).then((all) =>
          all.filter((name) => !name.endsWith(".bpf")).sort()
        ),
        [
          ...["disk", "second"],
        ],
      );
    } finally {
      await shell('rm -rf "$1"', tree);
    }
  },
);

testNeeding(noJail, "createFolderDisk() copies a folder in which files come and go", async () => {
  await using temporary = await temporaryFolder();
  const { path } = temporary;
  await shell('mkdir "$1/tree"; cd "$1/tree"; for n in $(seq 300); do echo $n >$n; done', path);
  // Each lives for less than a millisecond.
  const loop = 'cd "$1"; while :; do for n in 1 2 3 4 5 6; do : >t$n; done; rm t*; mkdir d; : >d/f; rm -r d; done';
  const churn = new Deno.Command("sh", { args: ["-c", loop, "sh", `${path}/tree`] }).spawn();
  try {
    for (let round = 0; round < 4; round++) {
      const notes = await copy(`${path}/tree`, `${path}/disk${round}`);
      const names = await shell('debugfs -R "ls -p /" "$1" 2>/dev/null', `${path}/disk${round}`);
      for (const name of ["1", "150", "300"]) assertStringIncludes(names, `/${name}/`);
      for (const note of notes) assertEquals(/left out (t\d|d|d\/f): it went, or could/.test(note), true, note);
    }
  } finally {
    churn.kill("SIGKILL");
    await churn.status;
  }
});

testNeeding(
  noTools,
  "restoreInodes() names what is not in the image, and a folder in place of all that was in it",
  async () => {
    await using temporary = await temporaryFolder();
    const { path } = temporary;
    await shell('mkdir -p "$1/tree/closed" "$1/tree/b"; echo x >"$1/tree/b/there"', path);
    await copy(`${path}/tree`, `${path}/disk`, false);
    const record = (mark: string, type: string, name: string) =>
      parseFact(`${mark} ${type} 1:2 1 8 0 0 644 1.0000000000 2.5000000000 3.0000000000 ${name}`);
    const facts = [
      ...[
        record("r", "d", ""),
        record("r", "d", "gone"),
        record("r", "f", "gone/in"),
        record("r", "d", "gone/in/deep"),
      ],
      ...[
        record("r", "d", "b"),
        record("u", "f", "b/sec ret"),
        record("r", "s", "b/\xe9"),
        record("r", "f", "b/there"),
      ],
      ...[record("u", "d", "closed"), record("r", "f", "caf\xc3\xa9\x1b")],
    ];
    const said: string[] = [];
    await restoreInodes(`${path}/disk`, ReadableStream.from(facts), new LeftOut((what) => said.push(what)));
    assertEquals(said, [
      "gone: it went, or could not be read, while the folder was copied",
      "b/sec ret: this user may not read it",
      "b/\\xe9: it is a socket",
      "closed: this user may not read it",
      "café\\x1b: it went, or could not be read, while the folder was copied",
    ]);
    assertEquals((await stat(`${path}/disk`, "/b/there")).mtime, hexTime(2, 500_000_000));
  },
);
