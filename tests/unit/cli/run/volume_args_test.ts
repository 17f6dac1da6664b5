// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { parseRunArgs } from "../../../../lib/cli/run/args.ts";

const MIB = 1024 ** 2;

function parse(...args: string[]) {
  return parseRunArgs(args, Infinity).request;
}

Deno.test("parseRunArgs() asks for no disks by itself, but for some space for the host", () => {
  const { scratchBytes, volumes, caches, artifactOn, diskBytes, minFreeBytes } = parse();
  assertEquals([scratchBytes, volumes, caches, artifactOn], [undefined, [], [], "success"]);
  assertEquals([diskBytes, minFreeBytes], [16 * 1024 * MIB, 256 * MIB]);
});

Deno.test("parseRunArgs() takes a scratch disk, a floor and when artifacts are wanted", () => {
  const disks = parse("--scratch", "10G", "--min-free", "5G", "--artifact-on", "always");
  assertEquals([disks.scratchBytes, disks.minFreeBytes, disks.artifactOn], [10240 * MIB, 5120 * MIB, "always"]);
  assertEquals(parse("--min-free", "0").minFreeBytes, 0);
  assertEquals(parse("--disk", "64M").diskBytes, 64 * MIB);
});

const VOLUMES: [string, unknown][] = [
  ["new:64M:/data", { sizeBytes: 64 * MIB, mountPoint: "/data" }],
  ["data.ext4:/data", { path: "data.ext4", mountPoint: "/data", readOnly: false }],
  ["./d:/data:ro", { path: "./d", mountPoint: "/data", readOnly: true }],
  ["/a:b/c:/data:rw", { path: "/a:b/c", mountPoint: "/data", readOnly: false }],
  ["/srv/x:/a//b/./c/", { path: "/srv/x", mountPoint: "/a/b/c", readOnly: false }],
  ["x:/with space", { path: "x", mountPoint: "/with space", readOnly: false }],
  // A guest's path may have a colon; a file that is called "new" is ./new.
  ["x:/a:b", { path: "x", mountPoint: "/a:b", readOnly: false }],
  ["./new:/a", { path: "./new", mountPoint: "/a", readOnly: false }],
];
for (const [text, expected] of VOLUMES) {
  Deno.test(`parseRunArgs() understands --volume ${text}`, () => {
    assertEquals<unknown>(parse("--volume", text).volumes, [expected]);
  });
}

Deno.test("parseRunArgs() takes caches with their caps, 8 GiB where none is given", () => {
  assertEquals(parse("--cache", "npm:/root/.npm", "--cache", "c:/c:64M").caches, [
    { name: "npm", mountPoint: "/root/.npm", sizeBytes: 8192 * MIB },
    { name: "c", mountPoint: "/c", sizeBytes: 64 * MIB },
  ]);
});

const WRONG: [string, string, string][] = [
  ["--volume", "data", "is neither PATH:GUEST[:ro] nor new:SIZE:GUEST"],
  ["--volume", "data:relative", "is neither PATH:GUEST[:ro] nor new:SIZE:GUEST"],
  ["--volume", ":/data", "is neither PATH:GUEST[:ro] nor new:SIZE:GUEST"],
  ["--volume", "new:/data", '"/data" is not a size'],
  ["--volume", "new:1M", 'a volume can\'t be at "" in the guest'],
  ["--volume", "new:x:/data", '"x" is not a size'],
  ["--volume", "new:1:/data", "a disk of 1 can't be made; give it 1M to 16383G"],
  ["--volume", "new:16384G:/data", "a disk of 16384G can't be made"],
  ["--volume", "x:/", 'a volume can\'t be at "/" in the guest'],
  ["--volume", "x:/a/../b", 'a volume can\'t be at "/a/../b" in the guest'],
  ["--volume", "x:/proc", 'a volume can\'t be at "/proc" in the guest'],
  ["--volume", "x:/dev/shm", 'a volume can\'t be at "/dev/shm" in the guest'],
  ["--volume", "x:/sys/fs", 'a volume can\'t be at "/sys/fs" in the guest'],
  ["--cache", "x", '"x" is not NAME:GUEST[:SIZE]'],
  ["--cache", "a/b:/x", '"a/b" is not a name'],
  ["--cache", "..:/x", '".." is not a name'],
  ["--cache", "a:/x:lots", '"lots" is not a size'],
  ["--cache", "a:/..", "a volume can't be at"],
  ["--scratch", "0", "a disk of 0 can't be made"],
  ["--scratch", "10T", '"10T" is not a size'],
  ["--min-free", "some", '"some" is not a size'],
  ["--disk", "all", '--disk: "all" is not a size'],
  ["--artifact-on", "sometimes", "is not one of success, failure, always"],
];
for (const [flag, text, words] of WRONG) {
  Deno.test(`parseRunArgs() refuses ${flag} "${text}"`, () => {
    const error = assertThrows(() => parse(flag, text), BerthError, words);
    assertEquals([error.code, error.message.includes(`${flag}: `)], ["usage.value", true]);
  });
}

Deno.test("parseRunArgs() refuses a cache that is given twice", () => {
  assertThrows(() => parse("--cache", "a:/x", "--cache", "a:/y"), BerthError, '--cache: "a" is given twice');
});
