// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertMatch } from "@std/assert";
import { HOST_PROGRAMS } from "../../../../lib/host/programs.ts";
import { changelog, ESSENTIAL, sourceControl } from "../../../../scripts/deb/control.ts";
import { programsMissing, testNeeding } from "../../../support/require.ts";
import { runScript } from "../../../support/shell.ts";
import { temporaryFolder } from "../../../support/temp.ts";

const RELEASE = { version: "1.2.3", commit: "0123abc", atSeconds: 1_790_000_000 };
const noDpkg = await programsMissing("dpkg-query", "dpkg-parsechangelog");

function field(name: string): string[] {
  const control = sourceControl(HOST_PROGRAMS);
  return new RegExp(`^${name}: (.*)$`, "m").exec(control)![1].split(", ");
}

Deno.test("sourceControl() depends on what jobs need, and recommends what only images need", () => {
  const jobs = ["bubblewrap", "busybox-static", "e2fsprogs", "kmod", "mount", "qemu-system-x86", "xz-utils", "zstd"];
  assertEquals(field("Depends"), ["${shlibs:Depends}", ...jobs]);
  assertEquals(field("Recommends"), ["mmdebstrap", "skopeo", "squashfs-tools", "umoci"]);
});

Deno.test("sourceControl() depends on what one program needs for jobs, though another is for images only", () => {
  const one = { program: "a", package: "both", purpose: "is in a package that has more" };
  const control = sourceControl([{ ...one, onlyForImages: true }, { ...one, program: "b" }, {
    ...{ ...one, program: "c", package: "images", onlyForImages: true },
  }]);
  assertMatch(control, /^Depends: \$\{shlibs:Depends\}, both\nRecommends: images$/m);
});

testNeeding(noDpkg, "ESSENTIAL is what Debian says is essential, of what berth needs", async () => {
  const names = [...new Set(HOST_PROGRAMS.map((program) => program.package))];
  const script = `dpkg-query -W -f '\${Essential} \${Package}\\n' "$@" 2>/dev/null || true`;
  const shown = new TextDecoder().decode(await runScript(["sh", "-c"], script, "sh", ...names));
  const essential = shown.split("\n").filter((line) => line.startsWith("yes ")).map((line) => line.slice(4));
  assertEquals(essential.toSorted(), ESSENTIAL as string[]);
});

testNeeding(noDpkg, "changelog() is one to dpkg, with the commit and its time", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/changelog`, changelog(RELEASE));
  const script = 'dpkg-parsechangelog -l "$1/changelog" 2>&1';
  const shown = new TextDecoder().decode(await runScript(["sh", "-c"], script, "sh", folder.path));
  const wanted = ["Version: 1.2.3", "Distribution: unstable", "Timestamp: 1790000000", "commit 0123abc"];
  assertEquals(wanted.filter((words) => !shown.includes(words)), []);
  assertEquals(/warning|error/.test(shown), false, shown);
});
