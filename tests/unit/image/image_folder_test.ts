// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { loadImageFolder } from "../../../lib/image/store.ts";
import { specOf } from "../../support/images.ts";
import { temporaryFolder } from "../../support/temp.ts";

/** A test with a folder of its own. */
function folderTest(name: string, fn: (folder: string) => Promise<void>): void {
  Deno.test(name, async () => {
    await using folder = await temporaryFolder();
    await fn(folder.path);
  });
}

async function shell(script: string, ...args: string[]): Promise<void> {
  assert((await new Deno.Command("sh", { args: ["-ec", script, "sh", ...args] }).output()).success);
}

folderTest("loadImageFolder() loads a folder's image, which has no agent's hash", async (work) => {
  await Deno.writeTextFile(`${work}/k`, "k");
  await Deno.writeTextFile(`${work}/spec.json`, JSON.stringify(specOf("k", "k")));
  const image = await loadImageFolder(work);
  assertEquals([image.spec.kernel, image.agentHash], [`${work}/k`, undefined]);
});

folderTest("loadImageFolder() refuses a folder without a spec, and links out of it", async (work) => {
  assertEquals((await assertRejects(() => loadImageFolder(work), BerthError, "no spec.json")).code, "image.not-found");
  await Deno.writeTextFile(`${work}/k`, "k");
  // Deno lets nobody make a link who may not write everything.
  await shell('ln -s /etc/passwd "$1"', `${work}/link`);
  await Deno.writeTextFile(`${work}/spec.json`, JSON.stringify(specOf("k", "link")));
  assertEquals((await assertRejects(() => loadImageFolder(work), BerthError)).code.startsWith("image."), true);
});

folderTest(
  "loadImageFolder() finds the files of volumes, and refuses those that are elsewhere",
  async (work) => {
    for (const name of ["k", "i", "v.ext4"]) await Deno.writeTextFile(`${work}/${name}`, name);
    const load = async (volume: Record<string, unknown>) => {
      const spec = { ...specOf("k", "i"), volumes: [{ mountPoint: "/v", ...volume }] };
      await Deno.writeTextFile(`${work}/spec.json`, JSON.stringify(spec));
      return (await loadImageFolder(work)).spec.volumes?.[0].image;
    };
    assertEquals(await load({ image: "v.ext4", readOnly: true }), `${work}/v.ext4`);
    // Made new for each job: no file is looked for.
    assertEquals(await load({ image: "../fresh", sizeMiB: 1 }), "../fresh");
    for (const image of ["../../etc/passwd", "/etc/passwd"]) {
      const error = await assertRejects(() => load({ image }), BerthError, "is not in the image's own folder");
      assertEquals(error.code, "image.spec");
    }
    const missing = await assertRejects(() => load({ image: "none.ext4" }), BerthError, "volumes.0.image");
    assertEquals(missing.code, "image.file-missing");
  },
);

folderTest("loadImageFolder() looks at nothing but the spec and its files", async (work) => {
  await Deno.writeTextFile(`${work}/k`, "k");
  await Deno.writeTextFile(`${work}/spec.json`, JSON.stringify(specOf("k", "k")));
  // Whoever reads one of these waits for ever, or is told of a file of the host.
  await shell('mkfifo "$1/origin.json"; ln -s /etc/hostname "$1/agent"', work);
  const { origin, agentHash } = await loadImageFolder(work);
  assertEquals([origin, agentHash], [undefined, undefined]);
});

for (
  const [script, words] of [
    ['mkfifo "$1/spec.json"', "spec.json: this is no file"],
    ['mkdir "$1/spec.json"', "spec.json: this is no file"],
    ['truncate -s 1G "$1/spec.json"', "spec.json: it is larger than 16 MiB"],
    ['ln -s /etc/passwd "$1/spec.json"', "spec.json: it is a link that leads out of its folder"],
  ]
) {
  folderTest(`loadImageFolder() refuses what comes of: ${script}`, async (work) => {
    await shell(script, work);
    assertEquals((await assertRejects(() => loadImageFolder(work), BerthError, words)).code, "image.spec");
  });
}

folderTest("loadImageFolder() opens no pipe in the place of a file", async (work) => {
  await shell('mkfifo "$1/k"', work);
  await Deno.writeTextFile(`${work}/spec.json`, JSON.stringify(specOf("k", "k")));
  const error = await assertRejects(() => loadImageFolder(work), BerthError, "kernel: ");
  assertEquals([error.code, error.message.endsWith("this is no file")], ["image.file-missing", true]);
});
