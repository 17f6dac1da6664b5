// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { buildPackage, expectBinary } from "../../../../scripts/deb/build.ts";
import { manPages } from "../../../../scripts/deb/man/pages.ts";
import { TREE } from "../../../support/command_line/commands.ts";
import { programsMissing, testNeeding } from "../../../support/require.ts";
import { runScript } from "../../../support/shell.ts";
import { temporaryFolder } from "../../../support/temp.ts";

const RELEASE = { version: "1.2.3", atSeconds: 1_790_000_000 };
const noTools = await programsMissing("dpkg-deb", "dpkg-gencontrol", "dpkg-shlibdeps");

async function sh(script: string, ...args: string[]): Promise<string> {
  return new TextDecoder().decode(await runScript(["sh", "-ec"], script, "sh", ...args));
}

/** A package of another program than berth, which is small. */
async function build(folder: string, name: string): Promise<string> {
  await sh('cp -L -- "$(command -v cat)" "$1"', `${folder}/program`);
  await expectBinary(`${folder}/program`);
  const target = `${folder}/${name}.deb`;
  await buildPackage({ binary: `${folder}/program`, workFolder: `${folder}/texts`, package: target, release: RELEASE });
  return target;
}

function packedPage(path: string): string {
  return `-rw-r--r-- root/root ./usr/share/man/${path}.gz`;
}

/** What is packed, and of the manual a page of each section. */
const CONTENT = [
  "-rwxr-xr-x root/root ./usr/bin/berth",
  "-rw-r--r-- root/root ./usr/lib/systemd/system/berth-run@.service",
  "-rw-r--r-- root/root ./usr/lib/systemd/system/berth.service",
  "-rw-r--r-- root/root ./usr/share/bash-completion/completions/berth",
  "-rw-r--r-- root/root ./usr/share/doc/berth/changelog.gz",
  "-rw-r--r-- root/root ./usr/share/doc/berth/copyright",
  "-rw-r--r-- root/root ./usr/share/fish/vendor_completions.d/berth.fish",
  "-rw-r--r-- root/root ./usr/share/lintian/overrides/berth",
  ...["man1/berth.1", "man1/berth-run.1", "man5/berth.json.5", "man7/berth-jail.7", "man8/berth-serve.8"].map(
    packedPage,
  ),
  "-rw-r--r-- root/root ./usr/share/zsh/vendor-completions/_berth",
];

testNeeding(noTools, "buildPackage() packs everything, as root's, and leaves nothing else", async () => {
  await using folder = await temporaryFolder();
  // Of a build that was killed.
  await sh('mkdir -p "$1/usr/bin"; touch "$1/usr/bin/old"', `${folder.path}/texts/debian/berth`);
  const path = await build(folder.path, "one");
  const content = await sh(`dpkg-deb -c "$1" | awk '/^-/ { print $1, $2, $6 }'`, path);
  const files = content.trim().split("\n");
  assertEquals(CONTENT.filter((file) => !files.includes(file)), []);
  const pages = [...manPages(TREE, "1", "2026-11-21").keys()];
  const packed = files.filter((file) => file.includes("/man/"));
  assertEquals(packed.toSorted(), pages.map((page) => packedPage(`man${page.at(-1)}/${page}`)).toSorted());
  assertEquals(files.filter((file) => !CONTENT.includes(file) && !packed.includes(file)), []);
  assertEquals(
    await sh('dpkg-deb -f "$1" Package Version Architecture', path),
    "Package: berth\nVersion: 1.2.3\nArchitecture: amd64\n",
  );
  assertEquals(await sh('dpkg-deb -f "$1" Depends | grep -c "libc6.*, bubblewrap, .*qemu-system-x86"', path), "1\n");
  assertEquals(
    await sh('cd "$2"; dpkg-deb -R "$1" all; cd all; md5sum --quiet -c DEBIAN/md5sums; ls DEBIAN', path, folder.path),
    "control\nmd5sums\npostinst\npostrm\nprerm\n",
  );
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name).toSorted(), ["all", "one.deb", "program"]);
});

testNeeding(noTools, "buildPackage() makes the same bytes of the same input", async () => {
  await using folder = await temporaryFolder();
  const one = await Deno.readFile(await build(folder.path, "one"));
  const other = await Deno.readFile(await build(folder.path, "other"));
  assertEquals(one, other);
});

testNeeding(
  noTools ?? await programsMissing("lintian"),
  "lintian finds no error in the package, and no warning",
  async () => {
    await using folder = await temporaryFolder();
    const path = await build(folder.path, "one");
    assertEquals(await sh('lintian --no-cfg "$1" 2>/dev/null', path), "");
  },
);

const WRONG: [what: string, script: string, words: string][] = [
  ["a binary that is not there", "true", "is not there; deno task compile makes it"],
  ["a script", 'printf "#!/bin/sh\\necho a program that is none\\n" >"$1"', "is no program for x86-64"],
  ["an empty file", ': >"$1"', "is no program for x86-64"],
  [
    "a program for another machine",
    'cp -L "$(command -v cat)" "$1"; printf "\\267" | dd of="$1" bs=1 seek=18 conv=notrunc status=none',
    "is no program for x86-64",
  ],
];
for (const [what, script, words] of WRONG) {
  Deno.test(`expectBinary() refuses ${what}`, async () => {
    await using folder = await temporaryFolder();
    const binary = `${folder.path}/program`;
    await sh(script, binary);
    await assertRejects(() => expectBinary(binary), Error, words);
  });
}
