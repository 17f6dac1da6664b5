// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { findKernel } from "../../../lib/image/kernel.ts";
import { MODULE_GROUPS } from "../../../lib/image/modules.ts";
import { temporaryFolder } from "../../support/temp.ts";

/** A host with kernels of these releases; those marked with ! have no image in /boot. */
async function findAmong(...releases: string[]) {
  await using folder = await temporaryFolder();
  const [bootFolder, modulesFolder] = [`${folder.path}/boot`, `${folder.path}/modules`];
  await Deno.mkdir(bootFolder);
  for (const release of releases) {
    const name = release.replace("!", "");
    await Deno.mkdir(`${modulesFolder}/${name}`, { recursive: true });
    const builtin = Object.values(MODULE_GROUPS).flat().map((module) => `kernel/${module}.ko\n`).join("");
    await Deno.writeTextFile(`${modulesFolder}/${name}/modules.dep`, "");
    await Deno.writeTextFile(`${modulesFolder}/${name}/modules.builtin`, builtin);
    if (name === release) await Deno.writeTextFile(`${bootFolder}/vmlinuz-${name}`, "");
  }
  const said: string[] = [];
  const onProgress = (line: string) => void said.push(line);
  const kernel = await findKernel({ bootFolder, modulesFolder, workFolder: folder.path, onProgress });
  return { kernel: { ...kernel, image: kernel.image.slice(folder.path.length) }, said };
}

Deno.test("findKernel() takes the newest kernel, by number and not by letter", async () => {
  const { kernel, said } = await findAmong("6.1.0-9-amd64", "6.1.0-40-amd64", "5.10.0-99-amd64");
  assertEquals([kernel.release, kernel.image], ["6.1.0-40-amd64", "/boot/vmlinuz-6.1.0-40-amd64"]);
  assertEquals(said, ["kernel: the host's 6.1.0-40-amd64"]);
});

Deno.test("findKernel() passes over a kernel that can't be used, and says why", async () => {
  const { kernel, said } = await findAmong("6.12.0-1!", "6.1.0-1");
  assertEquals(kernel.release, "6.1.0-1");
  assertEquals(said[0].startsWith("kernel: the host's 6.12.0-1 can't be used (No such file"), true, said[0]);
});
