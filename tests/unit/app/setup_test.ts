// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import type { HostProgram } from "../../../lib/host/programs.ts";
import { planSetup } from "../../../lib/app/setup.ts";

const PROGRAMS: readonly HostProgram[] = [
  { program: "bwrap", package: "bubblewrap", purpose: "jails QEMU" },
  { program: "sqfstar", package: "squashfs-tools", purpose: "packs root file systems" },
  { program: "mksquashfs", package: "squashfs-tools", purpose: "packs root file systems" },
];
const ALL = PROGRAMS.map(({ program }) => program);

Deno.test("planSetup() says and does nothing where nothing is missing", () => {
  for (const mayInstall of [true, false]) {
    const plan = planSetup(PROGRAMS, { missing: [], hasApt: true, mayInstall });
    assertEquals(plan, { words: [], steps: [], isComplete: true });
  }
});

Deno.test("planSetup() says what each missing program is for, and installs each package once", () => {
  const { words, steps, isComplete } = planSetup(PROGRAMS, { missing: ALL, hasApt: true, mayInstall: true });
  assertEquals(words, [
    "this host lacks bwrap (bubblewrap), which jails QEMU",
    "this host lacks sqfstar (squashfs-tools), which packs root file systems",
    "this host lacks mksquashfs (squashfs-tools), which packs root file systems",
  ]);
  assertEquals([isComplete, steps], [false, [
    ["apt-get", "update"],
    [
      ...["apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends"],
      ...["bubblewrap", "squashfs-tools"],
    ],
  ]]);
});

Deno.test("planSetup() prints the command for who may not install, and the packages where there is no apt", () => {
  const missing = ["sqfstar"];
  const printed = planSetup(PROGRAMS, { missing, hasApt: true, mayInstall: false });
  assertEquals([printed.words.at(-1), printed.steps, printed.isComplete], [
    "install it as root: apt-get update && apt-get install -y --no-install-recommends squashfs-tools",
    [],
    false,
  ]);
  const named = planSetup(PROGRAMS, { missing, hasApt: false, mayInstall: true });
  assertEquals([named.words.at(-1), named.steps, named.isComplete], [
    "there is no apt here: install what these packages of Debian's have: squashfs-tools",
    [],
    false,
  ]);
});
