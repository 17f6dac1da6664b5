// @ts-types="../../support/assert.d.ts"
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { planInitramfs, readBusybox, readModules } from "../../../lib/image/initramfs.ts";
import { programsMissing, testNeeding } from "../../support/require.ts";
import { temporaryFolder } from "../../support/temp.ts";
import { listTree } from "../../support/tree.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const INPUTS = {
  busybox: bytes("the busybox"),
  applets: ["sh", "busybox", "cat"],
  modules: [{ group: "base", name: "virtio.ko", data: bytes("v") }, {
    group: "disk",
    name: "ext4.ko",
    data: bytes("e"),
  }],
  agentFiles: { "init": "#!/bin/busybox sh\n", "berth/agent.sh": "agent\n" },
  programs: { "berth/become": bytes("a program") },
};

Deno.test("planInitramfs() gives the same bytes, in whatever order busybox lists its applets", () => {
  assertEquals(planInitramfs(INPUTS), planInitramfs({ ...INPUTS, applets: INPUTS.applets.toReversed() }));
});

testNeeding(
  await programsMissing("busybox"),
  "planInitramfs() holds busybox, its links, agent, programs and modules",
  async () => {
    await using folder = await temporaryFolder();
    await Deno.writeFile(`${folder.path}/archive`, planInitramfs(INPUTS));
    await Deno.mkdir(`${folder.path}/out`);
    const options = { args: ["cpio", "-i", "-F", `${folder.path}/archive`], cwd: `${folder.path}/out` };
    const { success, stderr } = await new Deno.Command("busybox", options).output();
    assert(success, new TextDecoder().decode(stderr));
    const tree = await listTree(`${folder.path}/out`);
    const { "image/etc/passwd": passwd, "image/etc/group": group, ...rest } = tree;
    assert(passwd.includes("root:x:0:0:root:/root:/bin/sh\n") && group.includes("nogroup:x:65534:\n"));
    const folders = ["bin", "berth", "dev", "image", "image/bin", "image/etc", "image/root", "modules", "proc", "sys"];
    assertEquals(rest, {
      ...Object.fromEntries(folders.map((path) => [path, "folder 755"])),
      ...{ "bin/busybox": "file 755: the busybox", "bin/cat": "link to busybox", "bin/sh": "link to busybox" },
      ...{ "image/bin/cat": "link to busybox", "image/bin/sh": "link to busybox" },
      ...{ "init": "file 755: #!/bin/busybox sh\n", "berth/agent.sh": "file 755: agent\n" },
      ...{ "berth/become": "file 755: a program" },
      ...{ "modules/order": "file 644: base virtio.ko\ndisk ext4.ko\n" },
      ...{ "modules/virtio.ko": "file 644: v", "modules/ext4.ko": "file 644: e" },
    });
  },
);

testNeeding(
  await programsMissing("gzip"),
  "readModules() unpacks what is packed, under the kernel's names",
  async () => {
    await using folder = await temporaryFolder();
    const modulesFolder = `${folder.path}/modules`;
    await Deno.mkdir(modulesFolder);
    const packed = ReadableStream.from([bytes("packed")]).pipeThrough(new CompressionStream("gzip"));
    await Deno.writeFile(`${modulesFolder}/virtio-rng.ko.gz`, packed);
    await Deno.writeFile(`${modulesFolder}/plain.ko`, bytes("plain"));
    const modules = [{ group: "base", path: "plain.ko" }, { group: "disk", path: "virtio-rng.ko.gz" }];
    assertEquals(await readModules({ release: "x", image: "x", modulesFolder, modules }, folder.path), [
      { group: "base", name: "plain.ko", data: bytes("plain") },
      { group: "disk", name: "virtio_rng.ko", data: bytes("packed") },
    ]);
    const [unknown] = [{ group: "base", path: "x.ko.lzma" }];
    await Deno.writeTextFile(`${modulesFolder}/${unknown.path}`, "x");
    const kernel = { release: "x", image: "x", modulesFolder, modules: [unknown] };
    const error = await assertRejects(() => readModules(kernel, folder.path), BerthError, "can't unpack .lzma modules");
    assertEquals(error.code, "image.kernel");
  },
);

Deno.test("readBusybox() refuses one that is not there, and one that needs a loader", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/busybox`;
  const missing = await assertRejects(() => readBusybox(path), BerthError, "no /bin/busybox");
  assertEquals(missing.code, "host.program-missing");
  await Deno.writeTextFile(path, "\x7fELF…/lib64/ld-linux-x86-64.so.2");
  const dynamic = await assertRejects(() => readBusybox(path), BerthError, "not statically linked");
  assertEquals(dynamic.code, "host.program-missing");
});

Deno.test("readModules() takes nothing that is not in the modules' folder, by a link or by its name", async () => {
  await using folder = await temporaryFolder();
  const modulesFolder = `${folder.path}/modules`;
  await Deno.mkdir(modulesFolder);
  await Deno.writeTextFile(`${folder.path}/secret.ko`, "secret");
  const link = ["-c", 'ln -s ../secret.ko "$1/out.ko"; ln -s plain.ko "$1/in.ko"; echo plain >"$1/plain.ko"', "sh"];
  await new Deno.Command("sh", { args: [...link, modulesFolder] }).output();
  const read = (path: string) =>
    readModules({ release: "x", image: "x", modulesFolder, modules: [{ group: "base", path }] }, folder.path);
  for (const path of ["out.ko", "../secret.ko"]) {
    const error = await assertRejects(() => read(path), BerthError, "a link that leads out of its folder");
    assertEquals(error.code, "image.kernel");
  }
  assertEquals(new TextDecoder().decode((await read("in.ko"))[0].data), "plain\n");
  await assertRejects(() => read("none.ko"), BerthError, "there is no such module");
});

Deno.test("readModules() ends what unpacks a module when it is told to", async () => {
  await using folder = await temporaryFolder();
  const modulesFolder = `${folder.path}/modules`;
  await Deno.mkdir(modulesFolder);
  await Deno.writeTextFile(`${modulesFolder}/x.ko.xz`, "x");
  const modules = [{ group: "base", path: "x.ko.xz" }];
  const reading = readModules(
    { release: "x", image: "x", modulesFolder, modules },
    folder.path,
    AbortSignal.abort(new RangeError("enough")),
  );
  await assertRejects(() => reading, RangeError, "enough");
});
