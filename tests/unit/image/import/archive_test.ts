// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { feed } from "../../../../lib/image/import/archive.ts";
import { Refusal } from "../../../../lib/image/import/tool_output.ts";
import { planPackTar } from "../../../../lib/image/import/tools.ts";
import { programsMissing, testNeeding } from "../../../support/require.ts";
import { type Member, tarOf } from "../../../support/tar.ts";
import { temporaryFolder } from "../../../support/temp.ts";

const MISSING = await programsMissing("sqfstar", "setsid", "setpriv");
const BOUNDS = { memoryMaxBytes: 1024 ** 3 };

/** Packs a tar of these members, and returns the size of what comes of it. */
async function pack(...members: Member[]): Promise<number> {
  await using folder = await temporaryFolder();
  const [path, image] = [`${folder.path}/root.tar`, `${folder.path}/root.squashfs`];
  await Deno.writeFile(path, tarOf(...members));
  const { signal } = new AbortController();
  const options = { bounds: BOUNDS, signal, onProgress: () => {} };
  await feed({ path, compression: "none" }, planPackTar({ image }, folder.path, BOUNDS), "packing", options);
  return (await Deno.stat(image)).size;
}

const ROOT: Member = { name: "./", flag: "5", mode: 0o755 };
const ETC: Member = { name: "./etc/", flag: "5", mode: 0o755 };
const FILE: Member = { name: "./etc/file", data: "first" };

testNeeding(MISSING, "a tar with a member for its root and a hard link is packed", async () => {
  const size = await pack(ROOT, ETC, FILE, { name: "./etc/linked", flag: "1", link: "./etc/file" });
  assertEquals(size > 0, true);
});

const WRONG: [string, Member[], string][] = [
  ["a later member of the same name", [FILE, { ...FILE, data: "last" }], "etc/file already exists in the tar file"],
  ["a folder that comes again", [ETC, FILE, { ...ETC, mode: 0o700 }], "etc already exists in the tar file"],
  ["a hard link to nothing", [FILE, { name: "l", flag: "1", link: "none" }], "Could not resolve hardlink l"],
  ["a member of an unknown kind", [FILE, { name: "v", flag: "V" }], "Unhandled tar type in header 0x56"],
];
for (const [what, members, words] of WRONG) {
  testNeeding(MISSING, `a tar with ${what} is refused, and not packed as something else`, async () => {
    const error = await assertRejects(() => pack(ROOT, ...members), BerthError, words);
    assertEquals([error.code, error instanceof Refusal], ["image.import", true]);
  });
}
