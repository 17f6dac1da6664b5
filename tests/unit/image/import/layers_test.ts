// @ts-types="../../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { importRoot } from "../../../../lib/image/import/import.ts";
import { runTool } from "../../../../lib/process/tool.ts";
import { ociLayout } from "../../../support/oci_layout.ts";
import { programsMissing, rootMissing, testNeeding } from "../../../support/require.ts";
import { type Member, tarOf } from "../../../support/tar.ts";
import { temporaryFolder } from "../../../support/temp.ts";

const MISSING = await programsMissing("skopeo", "umoci", "mksquashfs", "unsquashfs", "setsid", "setpriv") ??
  await rootMissing();

/** Everything that a name may be, and what shows of it. */
const KINDS: Readonly<Record<string, readonly [(name: string) => Member[], string]>> = {
  file: [(name) => [{ name, data: "old" }], "-"],
  folder: [(name) => [{ name, flag: "5", mode: 0o755 }, { name: `${name}/in`, data: "in" }], "d"],
  link: [(name) => [{ name, flag: "2", link: "target" }], "l"],
  linkToFolder: [(name) => [{ name, flag: "2", link: "etc" }], "l"],
  hardLink: [(name) => [{ name, flag: "1", link: "target" }], "-"],
  node: [(name) => [{ name, flag: "3" }], "c"],
  pipe: [(name) => [{ name, flag: "6" }], "p"],
};

testNeeding(
  MISSING,
  "a layer replaces anything by anything, and what no layer names is everybody's to read",
  async () => {
    await using folder = await temporaryFolder();
    const [lower, upper]: Member[][] = [[{ name: "etc/passwd", data: "x" }, { name: "target", data: "t" }], []];
    const wanted: string[] = [];
    for (const [before, [make]] of Object.entries(KINDS)) {
      for (const [after, [makeNext, shown]] of Object.entries(KINDS)) {
        lower.push(...make(`x-${before}-${after}`));
        upper.push(...makeNext(`x-${before}-${after}`));
        wanted.push(`${shown} x-${before}-${after}`);
      }
    }
    for (const [path, data] of await ociLayout(tarOf(...lower), tarOf(...upper))) {
      await Deno.mkdir(`${folder.path}/oci/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeFile(`${folder.path}/oci/${path}`, data);
    }
    const [toolsFolder, workFolder] = [`${folder.path}/tools`, `${folder.path}/own`];
    for (const path of [toolsFolder, workFolder]) await Deno.mkdir(path);
    const { path, defaults } = await importRoot(
      { named: "oci", source: { path: `${folder.path}/oci` }, proxies: {}, bounds: { memoryMaxBytes: 1024 ** 3 } },
      { toolsFolder, workFolder, signal: new AbortController().signal, onProgress: () => {} },
    );
    const lines = (await runTool({ command: "sh", args: ["-c", 'unsquashfs -lln "$1"', "sh", path] })).split("\n");
    const pairs = lines.flatMap((line) => {
      const [, kind, name] = /^(.).* squashfs-root\/(x-[^/ ]*)(?: -> .*)?$/.exec(line) ?? [];
      return name ? [`${kind} ${name}`] : [];
    });
    assertEquals([pairs.sort(), defaults?.argv], [wanted.sort(), ["sh"]]);
    assertEquals(lines.filter((line) => / squashfs-root\/etc$/.test(line)).map((line) => line.split(" ")[0]), [
      "drwxr-xr-x",
    ]);
  },
);
