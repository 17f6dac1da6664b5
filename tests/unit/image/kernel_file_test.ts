// @ts-types="../../support/assert.d.ts"
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BerthError } from "../../../lib/base/errors.ts";
import { checkConfig, expectKernelRelease } from "../../../lib/image/kernel_file.ts";
import { temporaryFolder } from "../../support/temp.ts";

Deno.test("expectKernelRelease() refuses by name what is no kernel", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/vmlinux`;
  await Deno.writeTextFile(path, "\x7fELF".padEnd(2048, "\0"));
  const error = await assertRejects(() => expectKernelRelease(path), BerthError, "vmlinux: this is no kernel image");
  assertEquals(error.code, "image.kernel");
});

const NEEDED = ["SQUASHFS_LZ4", "SQUASHFS_XATTR", "DEVTMPFS", "BLK_DEV_INITRD"];
const configWithout = (name: string) => NEEDED.filter((one) => one !== name).map((one) => `CONFIG_${one}=y\n`).join("");

Deno.test("checkConfig() takes a kernel with all that is needed", () => checkConfig(configWithout(""), "6.1"));

for (const name of NEEDED) {
  Deno.test(`checkConfig() names CONFIG_${name} when it is not set`, () => {
    const text = `${configWithout(name)}# CONFIG_${name} is not set\nCONFIG_${name}_X=y\n`;
    assertThrows(() => checkConfig(text, "6.1"), BerthError, `kernel 6.1: it is built without CONFIG_${name}`);
  });
}

Deno.test("checkConfig() wants built in what the guest has before its first module", () => {
  const text = configWithout("DEVTMPFS") + "CONFIG_DEVTMPFS=m\n";
  assertThrows(() => checkConfig(text, "6.1"), BerthError, "CONFIG_DEVTMPFS");
});
