// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { jailMissing, programsMissing, rootMissing, testNeeding } from "../../support/require.ts";
import { type Member, tarOf } from "../../support/tar.ts";
import { listTree } from "../../support/tree.ts";
import { type Place, unpackPlace } from "../../support/unpack.ts";

const noTar = await programsMissing("tar");
const noJail = noTar ?? await jailMissing();
const noRoot = await rootMissing();

/** A test that runs with the jail, and without it: the policy alone must hold as well. */
function unpackTest(name: string, fn: (place: Place, jailed: boolean) => Promise<void>): void {
  for (const jailed of [true, false]) {
    testNeeding(jailed ? noJail : noTar, `${name}, ${jailed ? "jailed" : "not jailed"}`, async () => {
      await using place = await unpackPlace();
      await fn(place, jailed);
    });
  }
}

const HONEST: Member[] = [
  { name: "0/", flag: "5", mode: 0o755 },
  { name: "0/bin/", flag: "5", mode: 0o755 },
  { name: "0/bin/tool", data: "x".repeat(700), mode: 0o755 },
  { name: "0/bin/alias", flag: "1", link: "0/bin/tool" },
  { name: "0/current", flag: "2", link: "bin/tool" },
  { name: "0/bin/up", flag: "2", link: "../empty" },
  { name: "0/empty", mode: 0o600 },
  { name: "0/a 'quoted'\nname", data: "odd" },
  { name: "0/-rf", data: "dash" },
  { name: `0/${"n".repeat(150)}`, data: "long" },
  { name: "1", data: "report" },
];

unpackTest("unpackArtifacts() takes an honest archive out, file by file", async (place, jailed) => {
  assertEquals(await place.unpack(tarOf(...HONEST), jailed), []);
  const file = `file 755: ${"x".repeat(700)}`;
  assertEquals(await listTree(place.folders[0]), {
    ...{ "bin": "folder 755", "bin/tool": file, "bin/alias": file, "bin/up": "link to ../empty" },
    ...{ "current": "link to bin/tool", "empty": "file 600: ", "-rf": "file 644: dash" },
    ...{ "a 'quoted'\nname": "file 644: odd", ["n".repeat(150)]: "file 644: long" },
  });
  assertEquals(await listTree(place.folders[1]), { "report.txt": "file 644: report" });
  const inodes = await Promise.all(["tool", "alias"].map((name) => Deno.stat(`${place.folders[0]}/bin/${name}`)));
  assertEquals(inodes[0].ino, inodes[1].ino);
});

unpackTest("unpackArtifacts() leaves out what would escape, says so, and takes the rest", async (place, jailed) => {
  const members: Member[] = [
    { name: "0/ok", data: "ok", mode: 0o4755 },
    { name: "0/../secret", data: "evil" },
    { name: "0/etc", flag: "2", link: "/etc" },
    { name: "0/up", flag: "2", link: ".." },
    { name: "0/inside", flag: "2", link: "ok" },
    { name: "0/inside/x", data: "evil" },
    { name: "0/passwd", flag: "1", link: "/etc/passwd" },
    { name: "0/null", flag: "3" },
    { name: "0/disk", flag: "4" },
    { name: "0/fifo", flag: "6" },
    { name: "/etc/evil", data: "evil" },
    { name: "7/evil", data: "evil" },
    { name: "0/\x1b[2J", flag: "6" },
    { name: "0/last", data: "last" },
  ];
  assertEquals(await place.unpack(tarOf(...members), jailed), [
    "../secret: its name leads out of the artifact",
    "etc: it is a link that leads out of the artifact, to /etc",
    "up: it is a link that leads out of the artifact, to ..",
    "inside/x: its name goes through a link",
    "passwd: it is a hard link to something that is not in the artifact",
    "null: it is neither a file, a folder nor a link",
    "disk: it is neither a file, a folder nor a link",
    "fifo: it is neither a file, a folder nor a link",
    "\\x1b[2J: it is neither a file, a folder nor a link",
  ]);
  assertEquals(await listTree(place.folders[0]), {
    ...{ "ok": "file 755: ok", "inside": "link to ok", "last": "file 644: last" },
  });
});

const HOLE_BYTES = 4 * 1024 ** 2;

unpackTest(
  "unpackArtifacts() gives back the room of long zeros, whatever the file is called",
  async (place, jailed) => {
    const data = `begin${"\0".repeat(HOLE_BYTES)}end`;
    const names = ["plain", "-n", "a\nb"];
    assertEquals(await place.unpack(tarOf(...names.map((name) => ({ name: `0/${name}`, data }))), jailed), []);
    for (const name of names) {
      const path = `${place.folders[0]}/${name}`;
      assertEquals(await Deno.readTextFile(path), data);
      const usedBytes = (await Deno.stat(path)).blocks! * 512;
      // Without a jail a name may lead anywhere by now.
      assertEquals(usedBytes < HOLE_BYTES / 4, jailed, `${name} takes ${usedBytes} bytes`);
    }
  },
);

unpackTest("unpackArtifacts() skips the data of what is left out", async (place, jailed) => {
  const inner = tarOf({ name: "0/smuggled", data: "evil" });
  assertEquals((await place.unpack(tarOf({ name: "0/../x", data: inner }, { name: "0/y" }), jailed)).length, 1);
  assertEquals(Object.keys(await listTree(place.folders[0])), ["y"]);
});

unpackTest("unpackArtifacts() names twenty members that are left out, and counts the rest", async (place, jailed) => {
  const members = Array.from({ length: 25 }, (_, index) => ({ name: `0/${index}`, flag: "6" }));
  const said = await place.unpack(tarOf(...members), jailed);
  assertEquals([said.length, said[19], said[20]], [
    21,
    "19: it is neither a file, a folder nor a link",
    "and 5 more",
  ]);
});

unpackTest("unpackArtifacts() takes files out that are larger than its buffer", async (place, jailed) => {
  const data = new Uint8Array(1_000_001).map((_, index) => index % 251);
  assertEquals(await place.unpack(tarOf({ name: "0/big", data }), jailed), []);
  assertEquals(await Deno.readFile(`${place.folders[0]}/big`), data);
});

unpackTest("unpackArtifacts() takes thousands of small files out, each with its own content", async (place, jailed) => {
  const name = (index: number) => `d${index % 30}/e${index % 7}/${index}`;
  const members = Array.from({ length: 3000 }, (_, index) => ({ name: `0/${name(index)}`, data: `${index}` }));
  assertEquals(await place.unpack(tarOf(...members), jailed), []);
  const files = Object.entries(await listTree(place.folders[0])).filter(([, what]) => what.startsWith("file"));
  assertEquals(
    Object.fromEntries(files),
    Object.fromEntries(members.map((_, index) => [name(index), `file 644: ${index}`])),
  );
});

unpackTest("unpackArtifacts() takes an empty archive for no artifact", async (place, jailed) => {
  assertEquals(await place.unpack(tarOf(), jailed), []);
  assertEquals(await listTree(place.folders[0]), {});
});

const CUT: [string, (archive: Uint8Array) => Uint8Array][] = [
  ["is empty", (archive) => archive.subarray(0, 0)],
  ["ends in a header", (archive) => archive.subarray(0, 1024 + 300)],
  ["ends in a file", (archive) => archive.subarray(0, 1024 + 512 + 100)],
  ["ends between two members", (archive) => archive.subarray(0, 1024)],
  ["has lost its end", (archive) => archive.subarray(0, archive.length - 1024)],
];
for (const [how, cut] of CUT) {
  unpackTest(`unpackArtifacts() says that an archive which ${how} is broken`, async (place, jailed) => {
    const error = await assertRejects(() => place.unpack(cut(tarOf(...HONEST)), jailed), BerthError, "cut off");
    assertEquals(error.code, "guest.protocol");
  });
}

unpackTest("unpackArtifacts() stops when it is told to", async (place, jailed) => {
  const stopped = AbortSignal.abort(new RangeError("enough"));
  await assertRejects(() => place.unpack(tarOf(...HONEST), jailed, stopped), RangeError, "enough");
});

unpackTest("unpackArtifacts() keeps names byte for byte, and says them readably", async (place, jailed) => {
  const name = (...parts: (string | number)[]) =>
    new Uint8Array(parts.flatMap((part) => typeof part === "number" ? [part] : [...new TextEncoder().encode(part)]));
  const members: Member[] = [
    { name: name("0/caf", 0xe8), data: "one" },
    { name: name("0/caf", 0xe9), data: "two" },
    { name: name("0/café-", 0xff, "n".repeat(120)), data: "long" },
    { name: name("0/to"), flag: "2", link: name("caf", 0xe9) },
    { name: name("0/no", 0xe9), flag: "6" },
  ];
  const leftOut = await place.unpack(tarOf(...members), jailed);
  assertEquals(leftOut, ["no\\xe9: it is neither a file, a folder nor a link"]);
  const script = 'cd "$1"; cat "$(printf "caf\\350")" "$(printf "caf\\351")" "$(printf "café-\\377")"n* to; ls | wc -l';
  const { stdout } = await new Deno.Command("sh", { args: ["-ec", script, "sh", place.folders[0]] }).output();
  assertEquals(new TextDecoder().decode(stdout), "onetwolongtwo4\n");
});

testNeeding(noJail ?? noRoot, "unpackArtifacts() is the one whose folder it is, and no one else", async () => {
  await using place = await unpackPlace();
  const [users, roots] = place.folders;
  const sh = async (script: string, ...args: string[]) =>
    new TextDecoder().decode((await new Deno.Command("sh", { args: ["-c", script, "sh", ...args] }).output()).stdout);
  await sh('chown 1234:5678 "$1"; chmod 700 "$1"; mkdir "$1/closed"', users);
  const members = [{ name: "0/f" }, { name: "0/d/", flag: "5", mode: 0o755 }, { name: "0/d/g" }, { name: "1" }];
  assertEquals(await place.unpack(tarOf(...members), true), []);
  const owners = 'cd "$1" && stat -c "%u:%g %n" f d d/g && cd "$2" && stat -c "%u:%g %n" *';
  assertEquals(
    await sh(owners, users, roots),
    "1234:5678 f\n1234:5678 d\n1234:5678 d/g\n0:0 report.txt\n",
  );
  // A folder of root's in the user's is root's.
  const error = await assertRejects(() => place.unpack(tarOf({ name: "0/closed/x" }), true), BerthError);
  assertEquals(error.message.includes("Permission denied"), true, error.message);
});
