// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { removeFolderTree } from "../../../lib/files/remove_folder.ts";
import { runTool } from "../../../lib/process/tool.ts";
import { temporaryFolder } from "../../support/temp.ts";

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
}

Deno.test("removeFolderTree() removes a folder that is deeper than any path, and is called like an option", async () => {
  await using temporary = await temporaryFolder();
  const deep = 'mkdir "$1/-f" && cd "$1/-f" && perl -e "for (1 .. 20000) { mkdir(q(d)) && chdir(q(d)) or die }"';
  await runTool({ command: "sh", args: ["-c", deep, "sh", temporary.path] });
  await removeFolderTree(`${temporary.path}/-f`);
  assertEquals(await names(temporary.path), []);
});

Deno.test("removeFolderTree() removes a flat folder, a file and a link, not what it leads to, and minds no absence", async () => {
  await using temporary = await temporaryFolder();
  const { path } = temporary;
  await Deno.mkdir(`${path}/keep/sub`, { recursive: true });
  await Deno.mkdir(`${path}/flat`);
  await Deno.writeTextFile(`${path}/flat/out`, "x");
  await Deno.writeTextFile(`${path}/file`, "x");
  await runTool({ command: "sh", args: ["-c", 'ln -s keep "$1/link"', "sh", path] });
  for (const name of ["flat", "file", "link", "none"]) await removeFolderTree(`${path}/${name}`);
  assertEquals([await names(path), await names(`${path}/keep`)], [["keep"], ["sub"]]);
});
