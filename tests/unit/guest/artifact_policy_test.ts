// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { ArtifactPolicy } from "../../../lib/guest/artifact_policy.ts";
import type { TarEntry } from "../../../lib/guest/tar.ts";

type Spec = readonly [type: TarEntry["type"], path: string, link?: string];

function entry([type, path, link = ""]: Spec): TarEntry {
  return { type, path, link, mode: 0o644, mtime: 1, size: 0 };
}

/** What comes of each member: its name in the artifact, a reason, or nothing when it is of no artifact. */
function decide(...specs: Spec[]): (string | undefined)[] {
  const policy = new ArtifactPolicy(["out", "report.txt"]);
  return specs.map((spec) => {
    const decision = policy.decide(entry(spec));
    if (!decision) return undefined;
    return "entry" in decision ? `${decision.index}:${decision.entry.path}` : decision.leftOut;
  });
}

Deno.test("decide() lets an honest tree out, under its names in the artifact", () => {
  const specs: Spec[] = [
    ["directory", "0/"],
    ["directory", "0/bin/"],
    ["file", "0/bin/tool"],
    ["hardlink", "0/bin/alias", "0/bin/tool"],
    ["symlink", "0/current", "bin/tool"],
    ["symlink", "0/bin/up", "../bin/tool"],
    ["file", "1"],
  ];
  assertEquals(decide(...specs), [
    "0:.",
    "0:bin",
    "0:bin/tool",
    "0:bin/alias",
    "0:current",
    "0:bin/up",
    "1:report.txt",
  ]);
});

Deno.test("decide() names a hard link's target from the artifact's folder", () => {
  const policy = new ArtifactPolicy(["out"]);
  policy.decide(entry(["file", "0/a/b"]));
  const decision = policy.decide(entry(["hardlink", "0/c", "./0//a/b"]));
  assertEquals(decision && "entry" in decision && decision.entry.link, "a/b");
});

Deno.test("decide() takes the bits away that give rights to who runs a file", () => {
  const policy = new ArtifactPolicy(["out"]);
  for (const [mode, kept] of [[0o4755, 0o755], [0o2755, 0o755], [0o1777, 0o777], [0o7000, 0], [0o6711, 0o711]]) {
    const decision = policy.decide({ ...entry(["file", `0/${mode}`]), mode });
    assertEquals(decision && "entry" in decision && decision.entry.mode, kept);
  }
});

Deno.test("decide() knows no member that belongs to no artifact", () => {
  for (const path of ["", "/", ".", "x", "2/x", "-1/x", "0x0/x", "999/x", "0000/x", "1e0/x", " 0/x", "../0/x", "٠/x"]) {
    assertEquals(decide(["file", path]), [undefined], path);
  }
});

const OUT = "its name leads out of the artifact";
const THROUGH = "its name goes through a link";
const TWICE = "there is a link of the same name";
const LEADS = "it is a link that leads out of the artifact, to ";
const FOREIGN = "it is a hard link to something that is not in the artifact";
const NEITHER = "it is neither a file, a folder nor a link";

/** What escapes are tried: what it is, the members, and why the last one stays in. */
const ESCAPES: [string, Spec[], string][] = [
  ["a name with ..", [["file", "0/../x"]], `../x: ${OUT}`],
  ["a name with .. in the middle", [["file", "0/a/../b"]], `a/../b: ${OUT}`],
  ["a name with .. in the middle that leads out", [["file", "0/a/../../b"]], `a/../../b: ${OUT}`],
  ["a name that ends in ..", [["directory", "0/a/.."]], `a/..: ${OUT}`],
  ["the artifact's parent", [["directory", "0/.."]], `..: ${OUT}`],
  ["a .. behind empty and single-dot parts", [["file", "0//.//../x"]], `../x: ${OUT}`],
  ["an absolute link", [["symlink", "0/l", "/etc"]], `l: ${LEADS}/etc`],
  ["an absolute link with more slashes", [["symlink", "0/l", "//etc"]], `l: ${LEADS}//etc`],
  ["a link to the root", [["symlink", "0/l", "/"]], `l: ${LEADS}/`],
  ["a link to the parent", [["symlink", "0/l", ".."]], `l: ${LEADS}..`],
  ["a link to the parent's other child", [["symlink", "0/l", "../x"]], `l: ${LEADS}../x`],
  ["a link one level too far up", [["symlink", "0/a/b/l", "../../../x"]], `a/b/l: ${LEADS}../../../x`],
  ["a link up behind dots and slashes", [["symlink", "0/a/l", ".././/../x"]], `a/l: ${LEADS}.././/../x`],
  ["a link with .. behind a name", [["symlink", "0/l", "a/../b"]], `l: ${LEADS}a/../b`],
  ["a link with .. behind a link", [
    ["symlink", "0/a/b/up", "../.."],
    ["symlink", "0/l", "a/b/up/../x"],
  ], `l: ${LEADS}a/b/up/../x`],
  ["a link with .. at its end", [["symlink", "0/l", "a/b/.."]], `l: ${LEADS}a/b/..`],
  ["an empty link", [["symlink", "0/l", ""]], `l: ${LEADS}`],
  ["a file through a link", [["symlink", "0/l", "d"], ["file", "0/l/x"]], `l/x: ${THROUGH}`],
  ["a folder through a link", [["symlink", "0/l", "d"], ["directory", "0/l/x/"]], `l/x: ${THROUGH}`],
  ["a link through a link", [["symlink", "0/l", "d"], ["symlink", "0/l/x", "y"]], `l/x: ${THROUGH}`],
  ["a hard link through a link", [
    ["file", "0/f"],
    ["symlink", "0/l", "d"],
    ["hardlink", "0/l/x", "0/f"],
  ], `l/x: ${THROUGH}`],
  ["a file through a link deep down", [["symlink", "0/a/b", "c"], ["file", "0/a/b/c/d/e"]], `a/b/c/d/e: ${THROUGH}`],
  ["a file through a link spelt otherwise", [["symlink", "0/l", "d"], ["file", "0/./l//x"]], `l/x: ${THROUGH}`],
  ["a file through a link of the index spelt otherwise", [
    ["symlink", "0/l", "d"],
    ["file", "00/l/x"],
  ], `l/x: ${THROUGH}`],
  ["a chain of links", [
    ["symlink", "0/a", "."],
    ["symlink", "0/b", "a"],
    ["symlink", "0/b/l", "../x"],
  ], `b/l: ${THROUGH}`],
  ["a folder in a link's place", [["symlink", "0/l", "d"], ["directory", "0/l/"]], `l: ${TWICE}`],
  ["a file in a link's place", [["symlink", "0/l", "d"], ["file", "0/l"]], `l: ${TWICE}`],
  ["another link in a link's place", [["symlink", "0/l", "d"], ["symlink", "0/l", "e"]], `l: ${TWICE}`],
  ["a hard link to the password file", [["hardlink", "0/h", "/etc/passwd"]], `h: ${FOREIGN}`],
  ["a hard link to an absolute name of the artifact", [["hardlink", "0/h", "/0/h"]], `h: ${FOREIGN}`],
  ["a hard link up", [["file", "0/f"], ["hardlink", "0/h", "0/../../f"]], `h: ${FOREIGN}`],
  ["a hard link to what is not there", [["hardlink", "0/h", "0/f"]], `h: ${FOREIGN}`],
  ["a hard link to what comes later", [["hardlink", "0/h", "0/f"], ["hardlink", "0/g", "0/h"]], `g: ${FOREIGN}`],
  ["a hard link to a folder", [["directory", "0/d/"], ["hardlink", "0/h", "0/d"]], `h: ${FOREIGN}`],
  ["a hard link to a link", [["symlink", "0/l", "d"], ["hardlink", "0/h", "0/l"]], `h: ${FOREIGN}`],
  ["a hard link to what was left out", [["file", "0/../f"], ["hardlink", "0/h", "0/../f"]], `h: ${FOREIGN}`],
  ["a hard link over a link", [["symlink", "0/l", "d"], ["hardlink", "0/h", "0/l/passwd"]], `h: ${FOREIGN}`],
  ["a hard link to itself", [["hardlink", "0/h", "0/h"]], `h: ${FOREIGN}`],
  ["a device, FIFO or socket", [["other", "0/null"]], `null: ${NEITHER}`],
  ["a whole artifact that is a device", [["other", "0"]], `out: ${NEITHER}`],
  ["a whole artifact that is a link out", [["symlink", "0", "/etc"]], `out: ${LEADS}/etc`],
];
for (const [what, specs, reason] of ESCAPES) {
  Deno.test(`decide() leaves out ${what}`, () => assertEquals(decide(...specs).at(-1), reason));
}

Deno.test("decide() does not take a link in one artifact for one in another", () => {
  assertEquals(decide(["symlink", "0/l", "d"], ["file", "1/l/x"]), ["0:l", "1:l/x"]);
});

Deno.test("decide() leaves out a hard link into another artifact, where the name means another file", () => {
  assertEquals(decide(["file", "0/f"], ["hardlink", "1/h", "0/f"]).at(-1), `h: ${FOREIGN}`);
});

Deno.test("decide() leaves out a hard link to a file that a link has replaced, as a link means another place there", () => {
  const specs: Spec[] = [["file", "0/a/b/f"], ["symlink", "0/a/b/f", "../../x"], ["hardlink", "0/h", "0/a/b/f"]];
  assertEquals(decide(...specs).at(-1), `h: ${FOREIGN}`);
});

Deno.test("decide() lets links out that stay inside", () => {
  for (const [path, link] of [["0/l", "."], ["0/l", "a/b"], ["0/a/l", ".."], ["0/a/b/l", "../../x"], ["0/l", "..x"]]) {
    assertEquals(decide(["symlink", path, link])[0]?.startsWith("0:"), true, `${path} → ${link}`);
  }
});
