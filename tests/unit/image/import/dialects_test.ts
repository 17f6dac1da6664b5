// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../../lib/base/errors.ts";
import { importRoot } from "../../../../lib/image/import/import.ts";
import { runTool } from "../../../../lib/process/tool.ts";
import { programsMissing, rootMissing, testNeeding } from "../../../support/require.ts";
import { type Member, tarOf } from "../../../support/tar.ts";
import { temporaryFolder } from "../../../support/temp.ts";

const MISSING = await programsMissing("sqfstar", "mksquashfs", "unsquashfs", "tar", "busybox", "setsid", "setpriv") ??
  await rootMissing();

async function shell(script: string, ...args: string[]): Promise<string> {
  return await runTool({ command: "sh", args: ["-euc", script, "sh", ...args] });
}

/** Imports `$folder/t.tar`, and returns what is in the image and what was said. */
async function take(folder: string): Promise<{ shown: string; said: string }> {
  const [toolsFolder, workFolder] = [`${folder}/tools`, `${folder}/own`];
  for (const path of [toolsFolder, workFolder]) await Deno.mkdir(path);
  const said: string[] = [];
  const { path } = await importRoot(
    { named: "t.tar", source: { path: `${folder}/t.tar` }, proxies: {}, bounds: { memoryMaxBytes: 1024 ** 3 } },
    { toolsFolder, workFolder, signal: new AbortController().signal, onProgress: (line) => said.push(line) },
  );
  const script =
    `unsquashfs -lln "$1" | sed 's/[0-9]* [^ ]* [^ ]* squashfs-root$/ROOT/; s/[^ ]* [^ ]* squashfs-root/ /; s/  */ /g' | grep /  | sort
    for file in etc/passwd sparse last; do unsquashfs -cat "$1" $file 2>/dev/null | cksum; done`;
  return { shown: await shell(script, path), said: said.join("\n") };
}

/** Sizes that are no multiple of a block, holes at both ends, a file and its other name, a node, a long name. */
const ROOT = `mkdir -p "$1/r/etc" "$1/r/d/e"
  cd "$1/r"
  echo root:x:0:0::/:/bin/sh >etc/passwd
  dd if=/dev/zero of=sparse bs=1 count=0 seek=30000 2>/dev/null
  printf x | dd of=sparse bs=1 seek=9000 conv=notrunc 2>/dev/null
  printf x | dd of=last bs=1 seek=29200 2>/dev/null
  printf longer >$(printf 'n%.0s' $(seq 90))
  ln etc/passwd d/linked
  chown -R 1234:5678 d last
  chmod 2750 d/e
  mkfifo pipe
  chmod 750 .`;

const WRITERS: readonly [string, string][] = [
  ...["v7", "oldgnu", "gnu", "ustar", "posix"].map((format): [string, string] => [
    `GNU tar's ${format}`,
    `tar --format=${format} -cf ../t.tar .`,
  ]),
  ["GNU tar's posix with all times", "tar --format=posix --pax-option=delete=none -cf ../t.tar *"],
  ["GNU tar's sparse files", "tar -Scf ../t.tar ."],
  ...["0.0", "0.1", "1.0"].flatMap((version): [string, string][] => [
    [`sparse files of ${version}`, `tar -S --format=posix --sparse-version=${version} -cf ../t.tar *`],
    [`sparse files of ${version} below ./`, `tar -S --format=posix --sparse-version=${version} -cf ../t.tar .`],
  ]),
  ["GNU tar's numbers in binary", "tar --format=gnu --mtime=@-1 -cf ../t.tar ."],
  ["busybox's tar", "busybox tar -cf ../t.tar ."],
  ["an archive with folders listed twice", "find . | tar -cf ../t.tar -T -"],
  ["an archive that was appended to", "tar -cf ../t.tar . && tar -rf ../t.tar ./etc"],
];

let wanted: string | undefined;
for (const [what, script] of WRITERS) {
  testNeeding(MISSING, `a tar in ${what} is imported as every other one`, async () => {
    await using folder = await temporaryFolder();
    // v7 has no FIFOs, and not everybody's clock is in the image.
    await shell(`${ROOT}\n${what.endsWith("v7") ? "rm pipe" : ""}\n${script}`, folder.path);
    const { shown } = await take(folder.path);
    const lines = shown.split("\n").filter((line) => !line.includes("/pipe"));
    const root = lines.find((line) => line.includes("ROOT"));
    // Without a member for it, it is what it usually is.
    assertEquals(root, script.endsWith("*") ? "drwxr-xr-x 0/0 ROOT" : "drwxr-x--- 0/0 ROOT");
    const rest = lines.filter((line) => line !== root).join("\n");
    wanted ??= rest;
    assertEquals(rest, wanted);
  });
}

testNeeding(MISSING, "what comes again in a tar takes the place of what was there", async () => {
  await using folder = await temporaryFolder();
  const etc: Member = { name: "./etc/", flag: "5", mode: 0o755 };
  const members: Member[] = [etc, { name: "./etc/passwd", data: "first" }, { name: "./etc/passwd", data: "last\n" }];
  await Deno.writeFile(`${folder.path}/t.tar`, tarOf(...members, { ...etc, mode: 0o700 }));
  const { shown, said } = await take(folder.path);
  assertEquals(shown.includes("drwx------ 0/0"), true, shown);
  assertEquals(shown.includes(await shell("echo last | cksum")), true, shown);
  assertEquals(/sqfstar can't take it as it is: "[^"]*already exists[^"]*": unpacking it first/.test(said), true, said);
});

testNeeding(MISSING, "a second archive behind the first one is left out, and that is said", async () => {
  await using folder = await temporaryFolder();
  const one = tarOf({ name: "etc/", flag: "5", mode: 0o755 }, { name: "etc/passwd", data: "first" });
  for (const padding of [0, 8192]) {
    const bytes = new Uint8Array([...one, ...new Uint8Array(padding), ...tarOf({ name: "etc/more", data: "x" })]);
    await Deno.writeFile(`${folder.path}/t.tar`, bytes);
    const { shown, said } = await take(folder.path);
    assertEquals([shown.includes("etc/more"), said.includes("behind the end of the archive is another one")], [
      false,
      true,
    ]);
    for (const name of ["tools", "own"]) await Deno.remove(`${folder.path}/${name}`, { recursive: true });
  }
});

testNeeding(MISSING, "an archive that is cut off is refused, and called that", async () => {
  await using folder = await temporaryFolder();
  await shell(`${ROOT}; tar -cf - . | head -c 20000 >../t.tar`, folder.path);
  const error = await assertRejects(() => take(folder.path), BerthError, "tar refuses it: ");
  assertEquals([error.code, error.message.includes("Unexpected EOF in archive")], ["image.import", true]);
});
