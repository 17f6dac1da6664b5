// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { readSmallFile } from "../../../lib/files/small_file.ts";
import { temporaryFolder } from "../../support/temp.ts";

/** Makes what is in a folder by a shell script, and reads a file of it. */
async function read(script: string, name = "folder/f", limitBytes = 10): Promise<string | undefined> {
  await using temporary = await temporaryFolder();
  const args = ["-ec", `mkdir folder; ${script}`];
  const made = await new Deno.Command("sh", { args, cwd: temporary.path }).output();
  assert(made.success, new TextDecoder().decode(made.stderr));
  const [folder, path] = [`${temporary.path}/folder`, `${temporary.path}/${name}`];
  return await readSmallFile({ folder, path, where: "it", limitBytes, code: "image.spec" });
}

Deno.test("readSmallFile() reads a file, also by a link that stays in the folder", async () => {
  assertEquals(await read("printf 0123456789 >folder/f"), "0123456789");
  assertEquals(await read(": >folder/f"), "");
  assertEquals(await read("echo x >folder/g; ln -s g folder/f"), "x\n");
});

Deno.test("readSmallFile() reads a folder's file whose own path has links", async () => {
  assertEquals(await read("echo x >folder/f; mkdir a; ln -s ../folder a/b", "a/b/f"), "x\n");
});

Deno.test("readSmallFile() finds no file where there is none", async () => {
  for (const script of [":", "ln -s none folder/f", "ln -s f folder/f", "rmdir folder", "rmdir folder; : >folder"]) {
    assertEquals(await read(script), undefined, script);
  }
});

const REFUSED: [string, string][] = [
  ["mkfifo folder/f", "it: this is no file"],
  ["mkdir folder/f", "it: this is no file"],
  ["printf 01234567890 >folder/f", "it: it is larger than 10 B"],
  ["truncate -s 1T folder/f", "it: it is larger than 10 B"],
  ["echo x >outside; ln -s ../outside folder/f", "it: it is a link that leads out of its folder"],
  ["ln -s /etc/hostname folder/f", "it: it is a link that leads out of its folder"],
  ["mkdir folder2; echo x >folder2/f; ln -s ../folder2/f folder/f", "it: it is a link that leads out of its folder"],
];
for (const [script, message] of REFUSED) {
  Deno.test(`readSmallFile() refuses what comes of: ${script}`, async () => {
    const error = await assertRejects(() => read(script), BerthError);
    assertEquals([error.code, error.message], ["image.spec", message]);
  });
}
