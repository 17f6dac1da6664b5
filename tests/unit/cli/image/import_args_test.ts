// @ts-types="../../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError, type ErrorCode } from "../../../../lib/base/errors.ts";
import { parseBuildArgs } from "../../../../lib/cli/image/build.ts";
import { importWindows, parseImportArgs } from "../../../../lib/cli/image/import_args.ts";

Deno.test("parseImportArgs() takes name and source before the flags or after them", () => {
  const wanted = {
    name: "ci",
    source: "root.tar",
    isRegistry: false,
    ref: "a:1",
    kernel: { wish: "debian", windows: [] },
    jail: "require",
    uidRange: { first: 200_000, last: 200_999 },
    minFreeBytes: 1024 ** 3,
    quiet: true,
  } as const;
  const flags = ["--ref", "a:1", "--kernel=debian", "--uid-range=200000-200999", "--min-free=1G", "--quiet"];
  assertEquals(parseImportArgs(["ci", "root.tar", ...flags]), wanted);
  assertEquals(parseImportArgs([...flags, "ci", "root.tar"]), wanted);
  assertEquals(parseImportArgs(["ci", ...flags, "root.tar"]), wanted);
});

Deno.test("an import has its jail unless the user wants none", () => {
  assertEquals(parseImportArgs(["ci", "r", "--jail", "off"]).jail, "off");
  assertEquals(parseImportArgs(["ci", "r", "--jail=require"]).jail, "require");
});

Deno.test("an import has a window on its source, and none for a registry", () => {
  assertEquals(importWindows(parseImportArgs(["ci", "./root"])), [
    { mode: "linked", target: "/run/berth/self/source", source: "./root" },
  ]);
  const registry = parseImportArgs(["ci", "docker://host:5000/a/b:v1"]);
  assertEquals([registry.isRegistry, importWindows(registry)], [true, []]);
});

Deno.test("--kernel PATH has windows on the file, on what is beside it, and on its modules", () => {
  const windows = (...flags: string[]) =>
    importWindows(parseImportArgs(["ci", "r", ...flags])).slice(1).map(({ mode, target, source }) =>
      `${mode} ${target.replace("/run/berth/self/kernel/", "")} ${source}`
    );
  assertEquals(windows("--kernel", "k/boot/vmlinuz"), [
    "ro image k/boot/vmlinuz",
    "optional folder k/boot",
    "optional lib k/lib/modules",
  ]);
  assertEquals(windows("--kernel", "/vmlinuz", "--modules", "m"), ["ro image /vmlinuz", "folder modules m"]);
});

Deno.test("berth image build has the flags for kernels, too", () => {
  const { request, kernelWindows } = parseBuildArgs(["x", "--kernel", "./k"]);
  assertEquals([request.kernel, kernelWindows[0].source], ["file", "./k"]);
});

const WRONG: [string[], ErrorCode, string][] = [
  [[], "usage.subcommand", "takes a name and a source"],
  [["ci"], "usage.subcommand", "takes a name and a source"],
  [["ci", ""], "usage.subcommand", "takes a name and a source"],
  [["ci", "a", "b"], "usage.subcommand", "takes a name and a source"],
  [["ci", "a", "--quiet", "b"], "usage.subcommand", "takes a name and a source"],
  [["ci", "docker://"], "usage.value", "names no image"],
  [["ci", "docker://-x"], "usage.value", "names no image"],
  [["ci", "docker://a b"], "usage.value", "names no image"],
  [["ci", "https://a/b.tar"], "usage.value", "docker:// is the only address"],
  [["ci", "docker://a/b", "--ref=c"], "usage.flag", "--ref is for archives"],
  [["ci", "a", "--modules=m"], "usage.flag", "--modules needs --kernel PATH"],
  [["ci", "a", "--kernel=host", "--modules=m"], "usage.flag", "--modules needs --kernel PATH"],
  [["ci", "a", "--kernel=debain"], "usage.value", "write ./debain for a file"],
  [["ci", "a", "--jail=auto"], "usage.value", '"auto" is not one of require, off'],
  [["ci", "a", "--kernle=host"], "usage.flag", 'did you mean "--kernel"?'],
];
for (const [argv, code, words] of WRONG) {
  Deno.test(`parseImportArgs() refuses ${JSON.stringify(argv)}`, () => {
    assertEquals(assertThrows(() => parseImportArgs(argv), BerthError, words).code, code);
  });
}
