// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertThrows } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { MODULE_GROUPS, moduleName, parseModuleIndex, planModules } from "../../../lib/image/modules.ts";

for (
  const [path, name] of [
    ["kernel/drivers/virtio/virtio_mmio.ko", "virtio_mmio"],
    ["kernel/drivers/char/hw_random/virtio-rng.ko.xz", "virtio_rng"],
    ["overlay.ko.zst", "overlay"],
    ["kernel/fs/ext4/ext4.ko.gz", "ext4"],
    ["kernel/x/a.ko-b.ko", "a.ko_b"],
  ]
) {
  Deno.test(`moduleName() of ${path} is ${name}`, () => assertEquals(moduleName(path), name));
}

/** As depmod writes it: after the colon what a module needs, the last one to be inserted first. */
const DEP = `
kernel/virtio/virtio_ring.ko:
kernel/virtio/virtio.ko: kernel/virtio/virtio_ring.ko
kernel/virtio/virtio-mmio.ko: kernel/virtio/virtio.ko kernel/virtio/virtio_ring.ko
kernel/char/virtio_console.ko: kernel/virtio/virtio.ko kernel/virtio/virtio_ring.ko
kernel/block/virtio_blk.ko: kernel/virtio/virtio.ko kernel/virtio/virtio_ring.ko
kernel/fs/ext4/ext4.ko: kernel/fs/mbcache.ko kernel/fs/jbd2.ko
kernel/fs/overlayfs/overlay.ko:
kernel/fs/squashfs/squashfs.ko:
`;

Deno.test("parseModuleIndex() knows files, what they need, and what is built in", () => {
  const index = parseModuleIndex(DEP, "kernel/fs/ext4/ext4.ko\nkernel/lib/crc-16.ko\n");
  assertEquals(index.files.get("virtio_mmio"), {
    path: "kernel/virtio/virtio-mmio.ko",
    needs: ["kernel/virtio/virtio.ko", "kernel/virtio/virtio_ring.ko"],
  });
  assertEquals([...index.builtin], ["ext4", "crc_16"]);
  assertEquals(index.files.size, 8);
});

Deno.test("planModules() inserts what is needed before what needs it, each once", () => {
  assertEquals(planModules(parseModuleIndex(DEP, ""), "6.1").map(({ group, path }) => `${group} ${path}`), [
    "base kernel/virtio/virtio_ring.ko",
    "base kernel/virtio/virtio.ko",
    "base kernel/virtio/virtio-mmio.ko",
    "base kernel/char/virtio_console.ko",
    "disk kernel/block/virtio_blk.ko",
    "disk kernel/fs/jbd2.ko",
    "disk kernel/fs/mbcache.ko",
    "disk kernel/fs/ext4/ext4.ko",
    "overlay kernel/fs/overlayfs/overlay.ko",
    "overlay kernel/fs/squashfs/squashfs.ko",
  ]);
});

Deno.test("planModules() inserts nothing that is built in", () => {
  const all = Object.values(MODULE_GROUPS).flat().map((name) => `kernel/${name}.ko`).join("\n");
  assertEquals(planModules(parseModuleIndex("", all), "6.1"), []);
  const plan = planModules(parseModuleIndex(DEP, "kernel/virtio/virtio_mmio.ko\nkernel/fs/ext4.ko\n"), "6.1");
  assertEquals(plan.some(({ path }) => /mmio|ext4|jbd2/.test(path)), false);
});

Deno.test("planModules() does without what a guest can do without", () => {
  const pvpanic = "kernel/drivers/misc/pvpanic";
  const there = `${pvpanic}/pvpanic-mmio.ko: ${pvpanic}/pvpanic.ko\n${pvpanic}/pvpanic.ko:\n${DEP}`;
  const panics = (dep: string) =>
    planModules(parseModuleIndex(dep, ""), "6.1").filter(({ group }) => group === "panic");
  assertEquals(panics(DEP), []);
  assertEquals(panics(there).map(({ path }) => path), [`${pvpanic}/pvpanic.ko`, `${pvpanic}/pvpanic-mmio.ko`]);
});

const { panic: _, ...NEEDED } = MODULE_GROUPS;
for (const name of Object.values(NEEDED).flat()) {
  Deno.test(`planModules() names ${name} when the kernel has it neither way`, () => {
    const without = DEP.split("\n").filter((line) => !moduleName(line.split(":")[0]).startsWith(name)).join("\n");
    const error = assertThrows(() => planModules(parseModuleIndex(without, ""), "6.1-x"), BerthError, `no ${name},`);
    assertEquals([error.code, error.message.startsWith("kernel 6.1-x:")], ["image.kernel", true]);
  });
}
