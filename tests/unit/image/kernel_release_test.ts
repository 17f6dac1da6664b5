// @ts-types="../../support/assert.d.ts"
import { assertEquals } from "@std/assert";
import { parseKernelRelease, readKernelRelease } from "../../../lib/image/kernel_release.ts";
import { temporaryFolder } from "../../support/temp.ts";

/** The head of a bzImage whose version's text is at that offset from 0x200. */
function bzImage(version: string, offset = 0x3140, magic = "HdrS"): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(0x200 + offset + 512);
  bytes.set(new TextEncoder().encode(magic), 0x202);
  bytes.set([offset & 0xff, offset >> 8], 0x20e);
  bytes.set(new TextEncoder().encode(version), 0x200 + offset);
  return bytes;
}

const VERSION = "6.1.0-21-cloud-amd64 (debian-kernel@lists.debian.org) #1 SMP Debian 6.1.90-1\0";

const CASES: [string, Uint8Array, string | undefined][] = [
  ["a bzImage of Debian", bzImage(VERSION), "6.1.0-21-cloud-amd64"],
  ["one with nothing behind its release", bzImage("6.9.0-rc1+\0"), "6.9.0-rc1+"],
  ["the largest offset", bzImage(VERSION, 0xffff), "6.1.0-21-cloud-amd64"],
  ["a bzImage without a version", bzImage(VERSION, 0), undefined],
  ["no bzImage", bzImage(VERSION, 0x3140, "Hdrs"), undefined],
  ["a version that is none", bzImage("\x1b[31mred\0"), undefined],
  ["a version that is a path", bzImage("../../etc\0"), undefined],
  ["a version with a slash", bzImage("6.1/x\0"), undefined],
  ["a version without an end", bzImage("6".repeat(512)), undefined],
  ["a file that is cut off", bzImage(VERSION).subarray(0, 0x1000), undefined],
  ["nothing", new Uint8Array(), undefined],
];
for (const [what, bytes, wanted] of CASES) {
  Deno.test(`parseKernelRelease() of ${what} is ${wanted}`, () => assertEquals(parseKernelRelease(bytes), wanted));
}

Deno.test("readKernelRelease() reads a file, also one that is larger or smaller than a head", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/vmlinuz`;
  for (const padding of [0, 200_000]) {
    await Deno.writeFile(path, new Uint8Array([...bzImage(VERSION), ...new Uint8Array(padding)]));
    assertEquals(await readKernelRelease(path), "6.1.0-21-cloud-amd64");
  }
});
