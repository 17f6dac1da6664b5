// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import type { BuildHost } from "../../../lib/image/build.ts";
import { readCpioFiles } from "../../../lib/image/cpio.ts";
import { planInitramfs } from "../../../lib/image/initramfs.ts";
import { type Origin, planOrigin } from "../../../lib/image/origin.ts";
import { ensureCurrent } from "../../../lib/image/ensure_current.ts";
import type { ImageSpec } from "../../../lib/image/spec.ts";
import { ImageStore } from "../../../lib/image/store.ts";
import { programsMissing, testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";

const MISSING = await programsMissing("busybox");
const BYTES = (text: string) => new TextEncoder().encode(text);

/** A store with the image "mine", of a kernel of the user's and an agent called "old". */
function renewTest(name: string, fn: (store: ImageStore, host: BuildHost) => Promise<void>): void {
  testNeeding(MISSING, name, async () => {
    await using folder = await temporaryFolder();
    const work = folder.path;
    const store = new ImageStore(`${work}/images`);
    const busyboxFile = `${work}/busybox`;
    await Deno.writeTextFile(busyboxFile, "new busybox");
    const put = async (kind: string, data: Uint8Array) => {
      await Deno.writeFile(`${work}/f`, data);
      return await store.put(`${work}/f`, kind);
    };
    const initramfs = planInitramfs({
      busybox: BYTES("old busybox"),
      applets: ["sh"],
      modules: [{ group: "base", name: "a.ko", data: BYTES("module a") }],
      agentFiles: { "berth/agent.sh": "old agent" },
      programs: { "berth/become": BYTES("old program") },
    });
    const spec: ImageSpec = {
      arch: "x86_64",
      kernel: await put("kernel", BYTES("kernel")),
      initrd: await put("initramfs", initramfs),
      storeDisk: await put("squashfs", BYTES("root")),
      bootArgs: "x=1",
      memoryMiB: 99,
      vcpus: 1,
      runnerType: "qemu",
      defaults: { argv: ["a"] },
    };
    await store.name("mine", spec, ORIGIN);
    await fn(store, {
      bootFolder: `${work}/boot`,
      modulesFolder: `${work}/modules`,
      busyboxFile,
      agentFiles: { "berth/agent.sh": "new agent" },
      agentPrograms: { "berth/become": BYTES("new program") },
      agentHash: "new",
    });
  });
}

const ORIGIN: Origin = planOrigin({
  from: "import root.tar",
  wish: "file",
  isHosts: false,
  agent: "old",
  builtAt: "2026-01-01T00:00:00.000Z",
});

async function specOf(store: ImageStore): Promise<ImageSpec> {
  return JSON.parse((await store.readSpec("mine")).text);
}

const progress = { onProgress: () => {} };

renewTest(
  "ensureCurrent() puts the agent of this berth into an image of the user's kernel, once",
  async (store, host) => {
    const before = await specOf(store);
    const image = await ensureCurrent(store, host, "mine", progress);
    const after = await specOf(store);
    assertEquals([image.agentHash, image.origin?.from], ["new", "import root.tar"]);
    assertEquals(image.origin?.builtAt, ORIGIN.builtAt, "its root file system is no younger");
    assertEquals({ ...after, initrd: "" }, { ...before, initrd: "" });
    const files = readCpioFiles(await Deno.readFile(image.spec.initrd))!;
    const texts = ["berth/agent.sh", "berth/become", "bin/busybox", "modules/order", "modules/a.ko"].map((name) =>
      new TextDecoder().decode(files.get(name))
    );
    assertEquals(texts, ["new agent", "new program", "new busybox", "base a.ko\n", "module a"]);
    await ensureCurrent(store, { ...host, busyboxFile: "/nowhere" }, "mine", progress);
  },
);

renewTest("ensureCurrent() leaves an image alone that berth did not build", async (store, host) => {
  await Deno.remove(`${store.root}/mine/origin.json`);
  const before = await specOf(store);
  assertEquals((await ensureCurrent(store, host, "mine", progress)).agentHash, undefined);
  assertEquals(await specOf(store), before);
});

renewTest(
  "ensureCurrent() wants a new import where berth needs modules that the old one had not",
  async (store, host) => {
    await store.name("mine", await specOf(store), { ...ORIGIN, modules: ["virtio_mmio"] });
    const error = await assertRejects(
      () => ensureCurrent(store, host, "mine", progress),
      BerthError,
      "with its --kernel",
    );
    assertEquals([error.code, (await store.load("mine")).agentHash], ["image.kernel", "old"]);
  },
);

renewTest("ensureCurrent() first takes away what killed builds have left", async (store, host) => {
  await Deno.mkdir(`${store.root}/.work-0123456789ab`);
  await Deno.writeTextFile(`${store.root}/.work-0123456789ab/root.tar`, "many bytes");
  const words: string[] = [];
  await ensureCurrent(store, host, "mine", { onProgress: (line) => words.push(line) });
  assertMatch(words[0], /^freed \d+ (B|KiB) that nothing needed any more$/);
  await assertRejects(() => Deno.lstat(`${store.root}/.work-0123456789ab`), Deno.errors.NotFound);
});

renewTest("ensureCurrent() builds no image but the default one", async (store, host) => {
  const error = await assertRejects(() => ensureCurrent(store, host, "other", progress), BerthError);
  assertEquals(error.code, "image.not-found");
});
