// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
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

/** A kernel file of release 6.6.6, and what a test puts beside it. */
async function findFile(files: Record<string, string>, given = false) {
  await using folder = await temporaryFolder();
  const root = folder.path;
  const image = new Uint8Array(2048);
  image.set([0x55, 0xaa], 0x1fe);
  image.set(new TextEncoder().encode("HdrS"), 0x202);
  image.set([0, 2], 0x20e);
  image.set(new TextEncoder().encode("6.6.6 (me)"), 0x400);
  const all = Object.values(MODULE_GROUPS).flat().map((module) => `kernel/${module}.ko\n`).join("");
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(`${root}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${root}/${path}`, text || all);
  }
  await Deno.writeFile(`${root}/vmlinuz`, image);
  const kernelFile = {
    image: `${root}/vmlinuz`,
    folder: root,
    modules: given ? `${root}/given` : `${root}/none`,
    lib: `${root}/lib`,
  };
  const places = { bootFolder: `${root}/boot`, modulesFolder: `${root}/host`, workFolder: root };
  const kernel = await findKernel({ ...places, kernelFile, onProgress: () => {} }, "file");
  return { release: kernel.release, modules: kernel.modulesFolder.slice(root.length) };
}

const MODULES_AT = (place: string) => ({ [`${place}/modules.dep`]: "#", [`${place}/modules.builtin`]: "" });

for (
  const [where, files, given] of [
    ["/host/6.6.6", { ...MODULES_AT("host/6.6.6"), ...MODULES_AT("lib/6.6.6") }, false],
    ["/lib/6.6.6", MODULES_AT("lib/6.6.6"), false],
    ["/given", { ...MODULES_AT("given"), ...MODULES_AT("host/6.6.6") }, true],
    ["/given/6.6.6", MODULES_AT("given/6.6.6"), true],
  ] as const
) {
  Deno.test(`findKernel() finds the modules of a named kernel in ${where}`, async () => {
    assertEquals(await findFile(files, given), { release: "6.6.6", modules: where });
  });
}

Deno.test("findKernel() refuses a named kernel without modules, or with an option that is off", async () => {
  await assertRejects(() => findFile(MODULES_AT("lib/6.6.7")), BerthError, "the modules of 6.6.6 are not in");
  const files = { ...MODULES_AT("lib/6.6.6"), "config-6.6.6": "CONFIG_DEVTMPFS=y\n" };
  await assertRejects(() => findFile(files), BerthError, "kernel 6.6.6: it is built without CONFIG_BLK_DEV_INITRD");
});

Deno.test("findKernel() reads no modules.dep that leads out of its folder", async () => {
  await using folder = await temporaryFolder();
  const modulesFolder = `${folder.path}/modules`;
  const script =
    `mkdir -p "$1/boot" "$1/modules/6.6.6"; : >"$1/boot/vmlinuz-6.6.6"; : >"$1/modules/6.6.6/modules.builtin"
    echo secret >"$1/secret"; ln -s ../../secret "$1/modules/6.6.6/modules.dep"`;
  await new Deno.Command("sh", { args: ["-ec", script, "sh", folder.path] }).output();
  const said: string[] = [];
  const places = { bootFolder: `${folder.path}/boot`, modulesFolder, workFolder: folder.path };
  const finding = findKernel({ ...places, onProgress: (line) => said.push(line) }, "host");
  await assertRejects(() => finding, BerthError, "no usable kernel");
  assertEquals(said.length === 1 && said[0].includes("modules.dep: it is a link that leads out of its folder"), true);
});
